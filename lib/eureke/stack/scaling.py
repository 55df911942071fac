"""More or fewer of what a stack runs, while it runs."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import psutil
import requests

from eureke.errors import BadParameter, ServiceFailed
from eureke.scenario import nearest
from eureke.settings import Settings
from eureke.stack.addresses import address, api_url, status_url
from eureke.stack.catalogue.nginx import METHODS, WIDE
from eureke.stack.composition import nginx, scaled, services, upstream
from eureke.stack.control import ask
from eureke.stack.readiness import PAUSE_S
from eureke.stack.service import Service
from eureke.stack.settings import write_settings
from eureke.stack.starting import Starter
from eureke.stack.state import State, read_state
from eureke.stack.targets import write_targets
from eureke.turns import take_turn

KINDS: Final = {"api": "apis", "dispatcher": "dispatchers", "worker": "workers"}
"""What can be scaled, and the state's word for how many there are."""
FINISH_S: Final = 20.0
"""The longest that one may take to finish what it has."""
Say = Callable[[str], None]


def read(words: Sequence[str]) -> dict[str, int]:
    """What words such as `api=4` ask for.

    Raises:
        BadParameter: one of them cannot be done.
    """
    asked = {}
    for word in words:
        kind, _, count = word.partition("=")
        try:
            asked[kind] = int(count)
        except ValueError:
            raise BadParameter(
                f"{word!r} does not say how many", remedy="say it as in `api=4`"
            ) from None
        check(kind, asked[kind])
    return asked


def check(kind: str, count: int) -> None:
    """Raises BadParameter where there cannot be so many of that kind."""
    if kind not in KINDS:
        raise BadParameter(f"there is no {kind!r} to scale", remedy=nearest(kind, tuple(KINDS)))
    if count < 1:
        raise BadParameter(
            f"{count} of {kind} cannot be", remedy="at least 1; `eureke down` ends everything"
        )


def scale(folder: Path, kind: str, count: int, *, say: Say) -> None:
    """Has so many of a kind in the stack of a run folder.

    Raises:
        BadParameter: there is no such kind, or it cannot be so many.
        ServiceFailed: one did not come up; then all is as before.
    """
    check(kind, count)
    with _alone(folder, say):
        before = read_state(folder)
        if not before.application:
            raise BadParameter(
                f"this stack has servers and no {kind}", remedy="start one with its application"
            )
        after = scaled(before, **{KINDS[kind]: count})
        say(f"{kind}: {getattr(before, KINDS[kind])} → {count}")
        partitions = Settings.read(folder / "settings.json").partitions
        if kind == "dispatcher" and count > partitions:
            say(f"{partitions} partitions: {count - partitions} dispatchers have nothing to read")
        _change(folder, before, after, say)


def balance(folder: Path, balancer: str, *, say: Say) -> None:
    """Has Nginx choose in another way among the replicas of the API.

    Raises:
        BadParameter: there is no such way, or no Nginx.
    """
    if balancer not in METHODS:
        raise BadParameter(
            f"Nginx has no way {balancer!r} to choose", remedy=nearest(balancer, tuple(METHODS))
        )
    with _alone(folder, say):
        before = read_state(folder)
        if not before.balanced:
            raise BadParameter(
                "there is no Nginx before the API", remedy="have two replicas: `eureke scale api=2`"
            )
        after = replace(before, balancer=balancer)
        say(f"nginx: {before.balancer} → {balancer}")
        _keep(folder, after)
        tell_nginx(folder, after, Starter(folder, after, say=say))


def _change(folder: Path, before: State, after: State, say: Say) -> None:
    """What comes is ready before Nginx is told; of what goes Nginx is told first."""
    known, wanted = ({each.name: each for each in services(state)} for state in (before, after))
    starter = Starter(folder, after, say=say)
    come = [each for name, each in wanted.items() if name not in known]
    gone = [name for name in known if name not in wanted]
    if come:
        _start(folder, starter, come)
    _keep(folder, after)
    if before.balanced and before.apis != after.apis:
        tell_nginx(folder, after, starter)
    _finish(folder, gone)


def _start(folder: Path, starter: Starter, come: Sequence[Service]) -> None:
    # A scaling that was broken off may have left some of them.
    _remove(folder, [each.name for each in come])
    try:
        starter.bring_up(come)
    except BaseException:
        _remove(folder, [each.name for each in come])
        raise


def _keep(folder: Path, state: State) -> None:
    """From here on the stack is what the state says, for whoever attaches too."""
    settings = Settings.read(folder / "settings.json")
    changed = replace(settings, api_url=api_url(state), nginx_status_url=status_url(state))
    write_settings(changed, state, folder)
    state.write(folder)
    if state.scrape_interval_s:
        write_targets(folder, state)


def _finish(folder: Path, names: Sequence[str]) -> None:
    """Has them finish what they have, and ends those that do not."""
    started = _running(folder)
    for name in names:
        if name in started:
            ask(folder, "signal", name=name, number=int(signal.SIGTERM))
    limit_s = time.monotonic() + FINISH_S
    for name in names:
        if name in started:
            ask(folder, "wait", name=name, within_s=max(0.0, limit_s - time.monotonic()))
    _remove(folder, names)


def _remove(folder: Path, names: Iterable[str]) -> None:
    there = ask(folder, "status")
    for name in names:
        if name in there:
            ask(folder, "remove", name=name)


def _running(folder: Path) -> dict[str, int]:
    """The process ids of what runs, by name."""
    rows = ask(folder, "status").items()
    return {name: row["pid"] for name, row in rows if row["exit_code"] is None}


def tell_nginx(folder: Path, state: State, starter: Starter) -> None:
    """Has Nginx choose among the state's replicas; returns when it sends to no others.

    Raises:
        ServiceFailed: it does not take them up.
    """
    running = _running(folder)
    if "nginx" not in running:
        return  # it reads the file when it starts
    replicas = [each for each in services(state) if each.name.startswith("api-")]
    if state.backend == "containers":
        # One that does not run has no address there, and Nginx would take up nothing at all.
        replicas = [each for each in replicas if each.name in running]
    starter.write_files(nginx(state, replicas))
    former = _workers(running["nginx"])
    ask(folder, "signal", name="nginx", number=int(signal.SIGHUP))
    wanted = [*upstream(state, replicas).values()]
    url = f"http://{address(state, 'nginx.status')}/upstream"
    _until(lambda: _in_force(url) == wanted, "has the new replicas")
    _until(lambda: not any(map(_lives, former)), "has ended its former workers")


def _in_force(url: str) -> list[str]:
    """The replicas that Nginx says it has; none where it says nothing."""
    try:
        return requests.get(url, timeout=5).text.split()
    except requests.RequestException:
        return []


def _workers(pid: int) -> list[psutil.Process]:
    """Of the master with that id; none where this machine does not show them."""
    try:
        return psutil.Process(pid).children() if pid else []
    except psutil.Error:
        return []


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _until(holds: Callable[[], bool], what: str) -> None:
    limit_s = time.monotonic() + WIDE.drain_s + FINISH_S
    while not holds():
        if time.monotonic() > limit_s:
            raise ServiceFailed(
                f"it cannot be seen that Nginx {what}", remedy="see `eureke logs nginx`"
            )
        time.sleep(PAUSE_S)


@contextlib.contextmanager
def _alone(folder: Path, say: Say) -> Iterator[None]:
    """One scaling at a time; a second one says so and waits."""
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        words = "another scaling is at work on this stack: waiting for it"
        take_turn(lock, waiting=lambda: say(words))
        yield
    finally:
        os.close(lock)
