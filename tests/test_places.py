"""Everything is kept under one folder."""

from pathlib import Path

import pytest

from eureke.places import home, keep_inside


def test_the_home_is_the_checkout_or_what_the_variable_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the command is called from."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EUREKE_HOME", raising=False)
    assert home() == Path(__file__).parents[1]
    monkeypatch.setenv("EUREKE_HOME", str(tmp_path / "elsewhere"))
    assert home() == tmp_path / "elsewhere"


def test_libraries_that_write_into_the_account_are_kept_inside() -> None:
    """But for those that the reader has placed elsewhere."""
    environment = {"IPYTHONDIR": "/elsewhere"}
    keep_inside(environment)
    assert environment.pop("IPYTHONDIR") == "/elsewhere"
    assert environment
    assert all(Path(folder).is_relative_to(home()) for folder in environment.values())
