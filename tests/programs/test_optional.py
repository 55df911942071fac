"""Programs that a stack can do without."""

from collections.abc import Callable

import pytest

from eureke.programs import optional

StandIn = Callable[[str, str], None]


def test_nginx_and_prometheus_are_found_with_their_versions(bare_path: StandIn) -> None:
    """They say them in forms of their own."""
    bare_path("nginx", "nginx version: nginx/1.22.1")
    bare_path("prometheus", "prometheus, version 2.42.0+ds (branch: debian/sid)")
    nginx, prometheus = optional.nginx(), optional.prometheus()
    assert nginx
    assert nginx.version == "1.22.1"
    assert prometheus
    assert prometheus.version == "2.42.0"


def test_one_that_does_not_run_counts_as_none(
    bare_path: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of that name is not yet a program."""
    monkeypatch.setattr(optional, "SYSTEM_FOLDERS", "")
    bare_path("nginx", "cannot load a library")
    assert optional.nginx() is None
    assert optional.prometheus() is None
