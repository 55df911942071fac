"""Learning by guessing first, by looking at what is there and at the wire, and by exercises."""

from eureke.learn.configuration import configuration
from eureke.learn.exercise import Answered, exercise, hint
from eureke.learn.prediction import PAPERMILL_VARIABLE, Prediction, predict
from eureke.learn.wire import wire

__all__ = [
    "PAPERMILL_VARIABLE",
    "Answered",
    "Prediction",
    "configuration",
    "exercise",
    "hint",
    "predict",
    "wire",
]
