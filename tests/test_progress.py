"""Progress in a log: few lines, and always the last."""

import io
from collections.abc import Iterable

from tests.clock import Clock, S

from eureke.progress import Progress


def said(reached: Iterable[int], *, total: int, apart_s: float) -> list[str]:
    """The lines of a load that gets so far, each time after so many seconds."""
    out, clock = io.StringIO(), Clock()
    with Progress("load", total=total, unit="records", out=out, clock=lambda: clock() / S) as it:
        for done in reached:
            it.reach(done)
            clock.pass_s(apart_s)
    return out.getvalue().splitlines()


def test_lines_are_some_time_apart_and_the_last_one_always_comes() -> None:
    """A tenth that comes too soon after another is told with the next one."""
    lines = said((0, 10, 20, 30, 60, 90, 100), total=100, apart_s=1)
    assert [line.split("%")[0] for line in lines] == ["load:  20 ", "load:  60 ", "load: 100 "]


def test_what_is_quick_says_one_line() -> None:
    """Whoever waited for a moment need not read how."""
    assert said(range(11), total=10, apart_s=0) == ["load: 100 %  10 records  0 s"]
