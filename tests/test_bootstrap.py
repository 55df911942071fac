"""`bootstrap.py` makes .venv from a lock, before there is anything else."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BASE = getattr(sys, "_base_executable", sys.executable)
TINY = """\
[build-system]
requires = ["hatchling==1.27.0"]
build-backend = "hatchling.build"
[project]
name = "tiny"
version = "1"
[tool.hatch.build.targets.wheel]
packages = ["lib/tiny"]
dev-mode-dirs = ["lib"]
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A project that is as small as can be, with a lock of one package."""
    (tmp_path / "lib" / "tiny").mkdir(parents=True)
    (tmp_path / "lib" / "tiny" / "__init__.py").touch()
    (tmp_path / "pyproject.toml").write_text(TINY)
    for name in ("bootstrap.py", "requirements-build.lock"):
        shutil.copy(ROOT / name, tmp_path)
    entries = re.split(r"\n(?=\w)", (ROOT / "requirements-test.lock").read_text())
    (pluggy,) = (each for each in entries if each.startswith("pluggy=="))
    (tmp_path / "requirements.lock").write_text(pluggy + "\n")
    (tmp_path / "requirements-test.lock").write_text(pluggy + "\n")
    return tmp_path


def bootstrap(
    checkout: Path, python: str | Path = BASE, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs it to its end."""
    return subprocess.run(
        [python, "bootstrap.py", "requirements.lock"],
        cwd=checkout,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_makes_a_venv_once_and_then_needs_no_network(checkout: Path, tmp_path: Path) -> None:
    """Even under an account whose home is not there; the second call has nothing to do."""
    first = bootstrap(checkout, HOME="/nowhere")
    if first.returncode and os.environ.get("CI") != "true":
        pytest.skip(f"needs a network: {first.stderr}")
    assert first.returncode == 0, first.stdout + first.stderr
    script = "import pluggy, tiny; print(tiny.__file__)"
    python = checkout / ".venv" / "bin" / "python"
    done = subprocess.run([python, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(checkout / "lib" / "tiny" / "__init__.py")
    for again in (BASE, python):
        second = bootstrap(checkout, again, PIP_NO_INDEX="1")
        assert (second.returncode, second.stdout, second.stderr) == (0, "", "")


def test_a_file_that_is_not_the_one_in_the_lock_is_refused(checkout: Path) -> None:
    """In plain words, with the end of pip's, and the .venv does not count as made."""
    lock = checkout / "requirements-build.lock"
    lock.write_text(re.sub(r"sha256:\w{8}", "sha256:00000000", lock.read_text()))
    done = bootstrap(checkout)
    assert done.returncode == 1
    assert "remedy: check the network, then `make setup` again" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((checkout / ".venv").glob("*.done"))


def test_a_python_that_is_too_old_is_told_in_one_sentence() -> None:
    """And how to name another."""
    done = pretend("sys.version_info = (3, 9, 18)")
    assert done.returncode == 1
    assert done.stderr.startswith("setup: Python 3.9.18 is too old\n  remedy: ")
    assert "PYTHON=" in done.stderr


def test_a_python_without_ensurepip_is_told_in_one_sentence() -> None:
    """Debian and Ubuntu ship it apart."""
    done = pretend("sys.modules['ensurepip'] = None")
    assert done.returncode == 1
    assert "cannot make virtual environments" in done.stderr
    assert "python3-venv" in done.stderr


def pretend(what: str) -> subprocess.CompletedProcess[str]:
    """Runs it in a Python that is made to look otherwise."""
    script = f"""
import runpy, sys
sys.argv = ["bootstrap.py", "requirements.lock"]
{what}
runpy.run_path("bootstrap.py", run_name="__main__")
"""
    return subprocess.run(
        [BASE, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
