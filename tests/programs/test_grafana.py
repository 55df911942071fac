"""Grafana: only where it is on PATH, and only with its own files around it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from eureke.doctor import diagnose, report
from eureke.errors import ProgramMissing
from eureke.programs import GRAFANA, grafana_home
from eureke.programs import grafana as module

StandIn = Callable[[str, str], None]
SAYS = "grafana version 11.6.0"


@pytest.fixture
def only_here(
    cache: Path, bare_path: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> StandIn:
    """Puts a program on the PATH of a machine that has no other Grafana, and no engine."""
    monkeypatch.setattr(module, "HOMES", (tmp_path / "usr",))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/engine.sock")
    return bare_path


def home(folder: Path) -> Path:
    """Grafana's own files in a folder."""
    (folder / "conf").mkdir(parents=True)
    (folder / "conf" / "defaults.ini").write_text("app_mode = production\n")
    return folder


def doctor() -> str:
    """The line on Grafana."""
    found = [each for each in diagnose() if each.name == "Grafana"]
    return report(found).splitlines()[0]


@pytest.mark.usefixtures("only_here")
def test_where_there_is_none_it_is_said_and_nothing_is_fetched() -> None:
    """No registry of packages has it: the remedy is the reader's."""
    with pytest.raises(ProgramMissing, match="there is no grafana 10 or newer") as raised:
        grafana_home()
    assert raised.value.remedy == "put grafana on PATH"
    assert doctor().startswith("without")


def test_without_its_own_files_it_is_as_good_as_none(only_here: StandIn) -> None:
    """A program alone does not start; the doctor names what is missing."""
    only_here("grafana", SAYS)
    with pytest.raises(ProgramMissing, match=r"no conf/defaults\.ini") as raised:
        grafana_home()
    assert "whole archive" in raised.value.remedy
    assert doctor().startswith("without")
    assert "defaults.ini" in doctor()


def test_its_own_files_are_those_around_it(only_here: StandIn, tmp_path: Path) -> None:
    """Of an unpacked archive, whose `bin` is on PATH."""
    only_here("grafana", SAYS)
    files = home(tmp_path)
    assert grafana_home() == files
    assert GRAFANA.find().version == "11.6.0"
    assert doctor().split() == ["ok", "Grafana", "11.6.0", "from", "PATH"]


def test_a_link_on_path_leads_to_them(only_here: StandIn, tmp_path: Path) -> None:
    """The files are where the program is, not where its link is."""
    only_here("grafana", SAYS)
    archive = home(tmp_path / "grafana-11.6.0")
    (archive / "bin").mkdir()
    (tmp_path / "bin" / "grafana").rename(archive / "bin" / "grafana")
    (tmp_path / "bin" / "grafana").symlink_to(archive / "bin" / "grafana")
    assert grafana_home() == archive


def test_a_package_of_the_system_has_them_in_a_place_of_its_own(
    only_here: StandIn, tmp_path: Path
) -> None:
    """Debian's: the program in /usr/sbin, the rest in /usr/share."""
    only_here("grafana", SAYS)
    files = home(tmp_path / "usr")
    assert grafana_home() == files


def test_one_that_is_too_old_will_not_do(only_here: StandIn, tmp_path: Path) -> None:
    """It has no `grafana server`."""
    only_here("grafana", "grafana version 9.5.1")
    home(tmp_path)
    assert "10 or newer" in doctor()
