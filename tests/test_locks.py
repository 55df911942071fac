"""pyproject.toml, the locks and environment.yml say the same."""

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCKS = (
    "requirements.lock",
    "requirements-test.lock",
    "requirements-build.lock",
    "deploy/requirements.lock",
)
PROGRAM_LOCKS = ROOT / "lib" / "eureke" / "programs"


def pins(lock: str) -> dict[str, list[Requirement]]:
    """The pinned requirements of a lock by name; more than one where markers differ."""
    found: dict[str, list[Requirement]] = {}
    for line in (ROOT / lock).read_text().splitlines():
        if line[:1].isalnum():
            pin = Requirement(line.removesuffix("\\").strip())
            found.setdefault(canonicalize_name(pin.name), []).append(pin)
    return found


def project() -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def wanted(lock: str) -> list[Requirement]:
    """What pyproject.toml asks of a lock."""
    tables = project()
    main: list[str] = tables["project"]["dependencies"]
    lists: dict[str, list[str]] = {
        "requirements.lock": main,
        "requirements-test.lock": main + tables["project"]["optional-dependencies"]["test"],
        "requirements-build.lock": tables["dependency-groups"]["build"],
        "deploy/requirements.lock": tables["dependency-groups"]["image"],
    }
    return [Requirement(each) for each in lists[lock]]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_what_the_project_asks_for(lock: str) -> None:
    """A dependency that was added or raised without `make lock` is found here."""
    locked = pins(lock)
    for requirement in wanted(lock):
        name = canonicalize_name(requirement.name)
        assert name in locked, f"{name} is not in {lock}: run `make lock`"
        for pin in locked[name]:
            version = next(iter(pin.specifier)).version
            assert version in requirement.specifier, f"{pin} does not satisfy {requirement}"


@pytest.mark.parametrize("lock", [*LOCKS, *PROGRAM_LOCKS.glob("*.lock")], ids=str)
def test_a_lock_names_no_index_and_no_host(lock: str | Path) -> None:
    """It holds on every machine, whatever registry or mirror that one uses."""
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert not re.search(r"^\s*--(index|extra-index|find-links|trusted)", text, re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    """One without would make pip refuse the whole lock, or trust what comes."""
    text = (ROOT / lock).read_text()
    for entry in re.split(r"\n(?=\w)", text.strip()):
        assert re.match(r"[\w.-]+==\S+", entry)
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_the_test_lock_holds_all_of_the_main_lock() -> None:
    """So a .venv made for the tests runs everything at the same versions."""
    main, test = pins("requirements.lock"), pins("requirements-test.lock")
    assert {name: test.get(name) for name in main} == main


def test_the_build_backend_is_the_same_in_both_places() -> None:
    """Set-up builds without isolation, with the backend of the lock."""
    assert project()["build-system"]["requires"] == project()["dependency-groups"]["build"]


def test_conda_takes_its_packages_from_the_same_lock() -> None:
    """environment.yml adds the programs that no wheel of ours has, and no version of its own."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    *conda, last = environment["dependencies"]
    assert last == {"pip": ["--requirement requirements.lock"]}
    names = {re.split(r"[<>=]", each)[0]: each for each in conda}
    assert set(names) == {"python", "pip", "openjdk", "redis-server", "nginx"}
    assert names["python"].startswith("python" + project()["project"]["requires-python"])
    assert names["openjdk"] == "openjdk>=17"
    assert names["redis-server"] == "redis-server>=6.2"


def test_every_dependency_has_its_reason_beside_it() -> None:
    """None is added without a use that can be named."""
    text = (ROOT / "pyproject.toml").read_text()
    block = text.split("\ndependencies = [\n")[1].split("\n]")[0]
    for line in block.splitlines():
        assert re.search(r'",\s+# \w+', line), line


def test_this_python_is_one_of_those_the_project_is_for() -> None:
    """The tests must not pass on a Python that a reader is told not to use."""
    assert sys.version_info >= (3, 11)
