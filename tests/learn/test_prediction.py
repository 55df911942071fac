"""Guessing first."""

import pytest

from eureke import learn


def test_a_guess_is_held_against_the_measured_value() -> None:
    """By the factor between the two."""
    prediction = learn.predict("How many?", ask=lambda _question: "1,000")
    assert prediction.guess == 1000
    assert "4.0 times as much" in prediction.against(4000)
    assert "2.0 times less" in prediction.against(500)


def test_an_answer_that_is_no_number_is_asked_for_again() -> None:
    """Until it is one, or empty."""
    answers = iter(["many", "7"])
    assert learn.predict("How many?", ask=lambda _question: next(answers)).guess == 7
    assert str(learn.predict("How many?", ask=lambda _question: "")) == "no prediction"


def test_under_papermill_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run without a reader must not wait for one."""
    monkeypatch.setenv(learn.PAPERMILL_VARIABLE, "1")
    assert str(learn.predict("How many?")) == "no prediction"
