"""Settings as a process gets them."""

from dataclasses import replace
from pathlib import Path

import pytest

from eureke.errors import EurekeError
from eureke.settings import PASSWORD_VARIABLE, SETTINGS_VARIABLE, Settings

SETTINGS = Settings(
    kafka="kafka:9092",
    redis_queue="redis://:${EUREKE_PASSWORD}@queue/0",
    redis_cache="redis://:secret@cache/0",
    provider_url="http://provider",
    users_url="sqlite://",
)


def test_a_file_that_others_may_read_names_no_password(tmp_path: Path) -> None:
    """It comes by the environment, whatever characters it has; others stay as they are."""
    path = tmp_path / "settings.json"
    SETTINGS.write(path)
    told = {SETTINGS_VARIABLE: str(path), PASSWORD_VARIABLE: "p@ss/word"}
    expected = replace(SETTINGS, redis_queue="redis://:p%40ss%2Fword@queue/0")
    assert Settings.of_process(told) == expected


@pytest.mark.parametrize("content", ["", "{", '{"kafka": 3}', "[]"])
def test_a_damaged_file_is_a_sentence(tmp_path: Path, content: str) -> None:
    """With the remedy."""
    path = tmp_path / "settings.json"
    path.write_text(content)
    with pytest.raises(EurekeError, match="cannot be read"):
        Settings.of_process({SETTINGS_VARIABLE: str(path)})
    with pytest.raises(EurekeError, match="is not set"):
        Settings.of_process({})
