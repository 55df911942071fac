"""Recording and alerting rules, by Prometheus' own tool."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import yaml

from eureke.dashboards import RULES
from eureke.programs.prometheus import PROMTOOL

CASES = Path(__file__).with_name("rules_test.yaml")


def promtool(*arguments: str, folder: Path) -> str:
    program = PROMTOOL.find()
    done = subprocess.run(
        [str(program.path), *arguments],
        cwd=folder,
        env=os.environ | program.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_takes_them(tmp_path: Path) -> None:
    assert "SUCCESS" in promtool("check", "rules", str(RULES), folder=tmp_path)


def test_each_fires_when_it_should_and_not_before(tmp_path: Path) -> None:
    shutil.copy(RULES, tmp_path)
    shutil.copy(CASES, tmp_path)
    assert "SUCCESS" in promtool("test", "rules", CASES.name, folder=tmp_path)


def test_every_alert_is_tried_and_says_what_to_do() -> None:
    tried = set(re.findall(r'alertname="(\w+)"', CASES.read_text()))
    alerts = [
        rule
        for group in yaml.safe_load(RULES.read_text())["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]
    assert {each["alert"] for each in alerts} == tried
    for each in alerts:
        assert each["annotations"]["summary"]
        assert each["annotations"]["remedy"]
        assert each["labels"]["severity"] in {"page", "ticket"}
