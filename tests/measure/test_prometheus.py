"""Prometheus among containers: it finds everybody."""

import time

from eureke.measure.prometheus import Prometheus
from eureke.stack.stack import Stack


def test_everybody_is_asked_where_servers_are_containers(contained: Stack) -> None:
    """By the addresses that containers have for each other; this machine sees loopback."""
    found = Prometheus(contained.settings.prometheus_url)
    found.until_scraped(time.time())
    assert [each for each in found.targets() if not each.up] == []
    jobs = {each.job for each in found.targets()}
    assert jobs == {"dispatcher", "worker", "provider", "exporter", "canary"}
    assert set(found.now("eureke_exporter_up")["value"]) == {1.0}
    processes = found.now("eureke_process_cpu_seconds_total")["process"]
    assert {"kafka", "worker-bulk-1"} <= set(processes)
