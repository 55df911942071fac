"""The API keeps to its OpenAPI document, whatever it is asked by it."""

import subprocess
import sys
from pathlib import Path

import pytest
import requests
from tests.pipeline.api.conftest import TOKENS, Client
from tests.pipeline.api.test_users import is_problem

CONTRACT = Path(__file__).parent


# On one database: what the other takes differently is tested with the users.
@pytest.mark.parametrize("api", ["sqlite"], indirect=True)
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


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("/metrics", "text/plain; version=1.0.0; charset=utf-8"),
        ("/schema/openapi.json", "application/vnd.oai.openapi+json"),
    ],
)
def test_what_is_asked_for_by_its_own_kind(api: str, address: str, kind: str) -> None:
    """Is answered, and said to be that."""
    answer = requests.get(f"{api}{address}", headers={"Accept": kind}, timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, kind)


def test_a_document_that_is_not_there(door: Client) -> None:
    """A problem like any other."""
    is_problem(door.get("/schema/nothing.yaml"), 404)
