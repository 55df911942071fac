"""What holds for the whole repository."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIB = ROOT / "lib" / "eureke"
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "shared"}
WITHOUT_A_MODULE = {"contract", "deploy", "faults", "notebooks"}
"""Folders of tests that are about the whole, not about one module."""
ABOUT_THE_WHOLE = {"claims", "repository", "locks", "lint", "bootstrap", "public_names", "read"}
DOORS = (
    *("help", "setup", "run", "test", "lint", "type", "notebooks"),
    *("bench", "read", "clean", "soak", "lock"),
)
GUARANTEE = """\
a notification that was acknowledged has exactly one effect at a provider that honours idempotency
keys, and at least one at a provider that does not. The inbox absorbs the same task delivered twice;
everything else rests on the provider's key. Order holds per user and lane up to the dispatcher and
is not promised after it."""


def tracked() -> list[Path]:
    """The files that belong to the repository, those not yet committed included."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]


def test_no_module_has_a_name_that_says_nothing() -> None:
    """One word per idea: what would go into such a module belongs somewhere."""
    names = {part for path in LIB.rglob("*.py") for part in path.relative_to(LIB).parts}
    assert not {name.removesuffix(".py") for name in names} & VAGUE


def test_tests_mirror_the_library() -> None:
    """tests/stack/test_ports.py is about eureke/stack/ports.py, and a reader can count on it."""
    for test in (ROOT / "tests").rglob("test_*.py"):
        place = test.relative_to(ROOT / "tests")
        name = place.stem.removeprefix("test_")
        if WITHOUT_A_MODULE & set(place.parts) or (
            len(place.parts) == 1 and name in ABOUT_THE_WHOLE
        ):
            continue
        module = LIB / place.parent / name
        found = (module, module.with_suffix(".py"), module.with_suffix(".yaml"))
        assert any(map(Path.exists, found)), f"{place} is about no module"


def test_no_file_names_a_machine_or_a_registry() -> None:
    """What is here works on every machine, whatever its folders and mirrors are called."""
    hosts = ["pypi.", "pythonhosted.", "maven.apache.", "maven.org", "deb.debian.", "npmjs."]
    folders = ["root/", "work/", "home/[a-z]"]
    # Put together here, so that this file does not hold what it looks for.
    pattern = re.compile("|".join([rf"//[\w.-]*{re.escape(host)}" for host in hosts]))
    machine = re.compile("|".join(rf"(?<![\w.$}}/-])/{folder}" for folder in folders))
    for path in tracked():
        if path.suffix in {".otf", ".ttf", ".png", ".parquet", ".hdr"}:
            continue
        text = path.read_text(errors="replace")
        found = pattern.search(text) or machine.search(text)
        assert not found, f"{path.relative_to(ROOT)} holds {found.group() if found else ''!r}"


def test_the_readme_gives_the_guarantee_in_its_exact_words() -> None:
    """It is a promise: a shorter one would be another one."""
    readme = re.sub(r"[>\s]+", " ", (ROOT / "README.md").read_text())
    assert re.sub(r"\s+", " ", GUARANTEE) in readme


def test_the_readme_is_under_two_screens() -> None:
    """Who wants more is told where it is."""
    assert len((ROOT / "README.md").read_text().splitlines()) <= 80


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_lead_somewhere(page: str) -> None:
    """To files of this repository."""
    for target in re.findall(r"\]\(([^)#]+)", (ROOT / page).read_text()):
        assert "://" in target or (ROOT / target).exists(), f"{page} links to {target}"


def test_contributing_is_short_enough_to_be_read() -> None:
    """Sixty lines at most."""
    assert len((ROOT / "CONTRIBUTING.md").read_text().splitlines()) <= 60


def test_every_target_of_the_makefile_is_in_its_help() -> None:
    """`make help` is the one list of doors."""
    makefile = (ROOT / "Makefile").read_text()
    command = ["make", "help"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for door in DOORS:
        assert re.search(rf"^{door}:.*## ", makefile, re.MULTILINE)
        assert re.search(rf"^  {door} +\w", shown, re.MULTILINE)
