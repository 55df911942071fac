"""The copy of an executed notebook that people read on the forge, and whether it is stale."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any, Final

import nbformat

from eureke.errors import ResultUnreadable
from eureke.measure.results import Result, list_results
from eureke.notebooks.parameters import source
from eureke.places import home

STAMP: Final = re.compile(r"<!-- cell (\S+) ([0-9a-f]{12}) -->")
SKIPPED_TAGS: Final = {"injected-parameters"}


def page_path(name: str) -> Path:
    """Where a notebook's page is kept."""
    return home() / "docs" / "read" / f"{name}.md"


def newest(name: str) -> Result:
    """The newest result that holds an executed copy of the notebook.

    Raises:
        ResultUnreadable: there is none.
    """
    found = [each for each in list_results() if (each.folder / f"{name}.ipynb").exists()]
    if not found:
        raise ResultUnreadable(
            f"there is no result of {name} yet",
            remedy=f"make one: `eureke run {name} --profile standard`",
        )
    return found[-1]


def write_page(name: str, result: Result) -> Path:
    """Writes the page of a notebook from a result that holds its executed copy."""
    executed = result.folder / f"{name}.ipynb"
    if not executed.exists():
        raise ResultUnreadable(
            f"the result {result.run_id} has no executed {name}",
            remedy=f"make one: `eureke run {name} --profile standard`",
        )
    notebook = nbformat.read(executed, as_version=4)  # type: ignore[no-untyped-call]
    page = page_path(name)
    figures = page.parent / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    parts = [_head(name, result)]
    for cell in notebook.cells:
        if SKIPPED_TAGS & set(cell.metadata.get("tags", [])):
            parts.append(f"This copy ran with:\n\n```python\n{cell.source.strip()}\n```")
            continue
        parts.append(f"<!-- cell {cell.id} {_hash(cell)} -->")
        parts.append(
            cell.source if cell.cell_type == "markdown" else f"```python\n{cell.source}\n```"
        )
        parts += [_output(each, name, figures) for each in _joined(cell.get("outputs", []))]
    page.write_text("\n\n".join(part for part in parts if part) + "\n")
    return page


def stale(name: str) -> list[str]:
    """What in the page is not of today's notebook: a line a cell, empty where it is fresh."""
    page = page_path(name)
    if not page.exists():
        return [f"{name}: there is no page"]
    stamped = dict(STAMP.findall(page.read_text()))
    today = nbformat.read(source(name), as_version=4)  # type: ignore[no-untyped-call]
    cells = {cell.id: cell for cell in today.cells}
    lines = [
        f"{name}: cell {cell_id} changed: {_first_line(cell)}"
        for cell_id, cell in cells.items()
        if stamped.get(cell_id) != _hash(cell)
    ]
    return lines + [
        f"{name}: cell {cell_id} is gone" for cell_id in stamped if cell_id not in cells
    ]


def _hash(cell: Any) -> str:
    return hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]


def _first_line(cell: Any) -> str:
    return str(cell.source).partition("\n")[0][:60]


def _head(name: str, result: Result) -> str:
    machine, commit = result.run["machine"], result.run["machine"]["commit"] or "unknown"
    changed = " with uncommitted changes" if result.run["machine"]["dirty"] else ""
    return (
        f"<!-- made by `make read` from notebooks/{name}.ipynb; do not edit -->\n"
        f"*Executed copy of [{name}.ipynb](../../notebooks/{name}.ipynb): run `{result.run_id}`, "
        f"commit `{commit[:12]}`{changed}, {machine['processor']}, "
        f"{machine['cores_usable']:g} cores, {machine['memory_gib']} GiB, "
        f"Python {machine['python']}.*"
    )


def _joined(outputs: list[Any]) -> list[Any]:
    """The outputs with what was printed one after the other in one piece."""
    joined: list[Any] = []
    for output in outputs:
        if output.output_type == "stream" and joined and joined[-1].output_type == "stream":
            joined[-1] = nbformat.from_dict(dict(output) | {"text": joined[-1].text + output.text})  # type: ignore[no-untyped-call]
        else:
            joined.append(output)
    return joined


def _output(output: Any, name: str, figures: Path) -> str:
    if output.output_type == "stream":
        return f"```text\n{output.text.rstrip()}\n```"
    data = output.get("data", {})
    if "image/svg+xml" in data or "image/png" in data:
        return _figure(output, name, figures)
    if "text/markdown" in data:
        return str(data["text/markdown"])
    if "text/html" in data and "<table" in data["text/html"]:
        return re.sub(r"<style.*?</style>", "", data["text/html"], flags=re.DOTALL).strip()
    return f"```text\n{data['text/plain'].rstrip()}\n```" if "text/plain" in data else ""


def _figure(output: Any, name: str, figures: Path) -> str:
    data, about = output.data, output.get("metadata", {}).get("eureke", {})
    stem = f"{name.partition('-')[0]}-{about.get('name', 'figure')}"
    if "image/svg+xml" in data:
        path = figures / f"{stem}.svg"
        path.write_text(data["image/svg+xml"])
    else:
        path = figures / f"{stem}.png"
        path.write_bytes(base64.b64decode(data["image/png"]))
    alt = str(about.get("alt", stem)).replace("\n", " ")
    return f"![{alt}](figures/{path.name})"
