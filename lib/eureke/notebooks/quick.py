"""Imported before papermill and nbformat, so that a notebook starts a second sooner.

They import jsonschema, which imports a checker of IRIs that builds its grammar when it is imported
(python-jsonschema/jsonschema#1428). No schema of a notebook has an IRI, and jsonschema does without
a checker that is not there.
"""

import sys

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
