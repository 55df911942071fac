"""The API keeps to its OpenAPI document, whatever it is asked by it."""

import subprocess
import sys
from pathlib import Path

from tests.pipeline.api.conftest import TOKENS

CONTRACT = Path(__file__).parent / "contract"


def test_every_operation_of_the_document(api: str, tmp_path: Path) -> None:
    """What can be is taken and what cannot is refused, by one request and by several in a row."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", CONTRACT / "openapi.toml"),
            *("run", f"{api}/schema/openapi.json"),
            *("--header", f"Authorization: Bearer {TOKENS['write']}"),
        ],
        env={"SCHEMATHESIS_HOOKS": str(CONTRACT / "hooks.py"), "PATH": "/usr/bin:/bin"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    # It tells what was wrong, and how to ask for it once more.
    assert done.returncode == 0, done.stdout + done.stderr
