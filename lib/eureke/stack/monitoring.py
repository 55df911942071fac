"""Whether a stack is watched by Prometheus: where it can be had, else it goes on without."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from eureke import programs
from eureke.errors import ProgramMissing, ServiceFailed
from eureke.settings import IMAGES
from eureke.stack.choice import Choice

Say = Callable[[str], None]
INSTEAD: Final = "`eureke dashboard` draws its panels"


def monitored(choice: Choice, *, say: Say) -> Choice:
    """The same choice with Prometheus; a line says why not, where it cannot be had."""
    try:
        if choice.backend == "containers":
            return _with_image(choice, say)
        programs.PROMETHEUS.find()
        return replace(choice, monitoring=True, grafana=_grafana(say))
    except (ProgramMissing, ServiceFailed) as error:
        say(f"nobody watches: {error.what.splitlines()[0]}")
        return choice


def _grafana(say: Say) -> bool:
    """Whether there is one on PATH that can be started; a line says why not."""
    try:
        return bool(programs.grafana_home())
    except ProgramMissing as error:
        say(f"no Grafana: {error.what}; {INSTEAD}")
        return False


def _with_image(choice: Choice, say: Say) -> Choice:
    # Imported here: who runs without an engine need not load its client.
    from eureke.stack.engine import Engine, answering  # noqa: PLC0415

    prometheus, grafana = IMAGES["prometheus"], IMAGES["grafana"]
    with answering():
        engine = Engine.connect()
        engine.have(prometheus, say=say)
        images = {"prometheus": prometheus}
        try:
            engine.have(grafana, say=say)
            images["grafana"] = grafana
        except ServiceFailed as error:
            say(f"no Grafana: {error.what.splitlines()[0]}; {INSTEAD}")
        return replace(
            choice,
            monitoring=True,
            grafana="grafana" in images,
            images=choice.images | images,
            stand_ins=choice.stand_ins | engine.stand_ins([*images.values()]),
        )
