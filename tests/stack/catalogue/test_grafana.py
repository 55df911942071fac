"""Grafana with processes: what the one on PATH is given.

The program is a stand-in, made here: no package registry has a Grafana. It is started as the real
one is, finds its files as the real one does, and tells what it found; it draws nothing. That a
real Grafana takes all this is not shown by it.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from tests.stack.conftest import quiet

from eureke.dashboards import BOARDS
from eureke.programs import sought
from eureke.scenario import Scenario
from eureke.stack.display import environment
from eureke.stack.stack import Stack

STAND_IN = """#!{python}
import http.server, json, os, sys
from pathlib import Path

if sys.argv[1:] == ["--version"]:
    print("grafana version 11.6.0")
    sys.exit()
what, option, home = sys.argv[1:]
assert (what, option) == ("server", "--homepath"), sys.argv
assert (Path(home) / "conf" / "defaults.ini").exists(), home
given = {{name: value for name, value in os.environ.items() if name.startswith("GF_")}}
for name in ("DATA", "LOGS", "PLUGINS"):
    Path(given[f"GF_PATHS_{{name}}"]).mkdir(exist_ok=True)
provisioning = Path(given["GF_PATHS_PROVISIONING"])


def files(kind):
    return [json.loads(path.read_text()) for path in sorted((provisioning / kind).glob("*.yaml"))]


providers = files("dashboards")
folder = Path(providers[0]["providers"][0]["options"]["path"])
found = {{
    "home": home,
    "given": given,
    "sources": files("datasources"),
    "providers": providers,
    "dashboards": [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))],
}}


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = {{"database": "ok"}} if self.path == "/api/health" else found
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())


address = given["GF_SERVER_HTTP_ADDR"], int(given["GF_SERVER_HTTP_PORT"])
http.server.HTTPServer(address, Answer).serve_forever()
"""


@pytest.fixture
def grafana(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The stand-in's archive, unpacked, with its `bin` on PATH."""
    archive = tmp_path / "grafana-11.6.0"
    for folder in ("bin", "conf"):
        (archive / folder).mkdir(parents=True)
    (archive / "conf" / "defaults.ini").touch()
    program = archive / "bin" / "grafana"
    program.write_text(STAND_IN.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    sought.forget()
    yield archive
    sought.forget()


def watched(*names: str, say: Callable[[str], None] = quiet) -> Stack:
    """No more than who watches and who shows it."""
    return Stack.start(scenario=Scenario(monitoring=True), only=names, backend="processes", say=say)


def told(stack: Stack) -> dict[str, Any]:
    """What the stand-in has found."""
    url = environment(stack)["EUREKE_GRAFANA"]
    found: dict[str, Any] = requests.get(f"{url}/found", timeout=5).json()
    return found


@pytest.mark.usefixtures("home")
def test_one_on_path_is_started_and_finds_all_there_is(grafana: Path) -> None:
    """The stack's own Prometheus, which answers; every dashboard; nothing outside the run folder;
    the password of this run."""
    with watched("prometheus", "grafana") as stack:
        found = told(stack)
        (source,) = found["sources"][0]["datasources"]
        assert source["url"] == stack.settings.prometheus_url
        assert requests.get(f"{source['url']}/-/ready", timeout=5).ok
        (provider,) = found["providers"][0]["providers"]
        assert Path(provider["options"]["path"]).is_relative_to(stack.folder)
        titles = {each["title"] for each in found["dashboards"]}
        assert titles == {board.title for board in BOARDS}
        asked = json.dumps([each["panels"] for each in found["dashboards"]])
        assert "$__rate_interval" in asked, "Grafana's own word has to reach it as it is"
        assert "$$" not in asked
        given = found["given"]
        paths = {name: path for name, path in given.items() if name.startswith("GF_PATHS_")}
        assert len(paths) == 4
        assert all(Path(path).is_relative_to(stack.folder) for path in paths.values()), paths
        assert given["GF_SECURITY_ADMIN_PASSWORD"] == environment(stack)["EUREKE_GRAFANA_PASSWORD"]
        assert len(given["GF_SECURITY_ADMIN_PASSWORD"]) >= 24
        assert given["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"
        assert found["home"] == str(grafana)
        (pid,) = [each.pid for each in stack.status() if each.name == "grafana"]
        assert Path(psutil.Process(pid).cwd()).is_relative_to(stack.folder)
        again = stack.password("grafana")
        stack.kill("grafana")
        stack.start_service("grafana")
        assert told(stack)["given"]["GF_SECURITY_ADMIN_PASSWORD"] == again
    assert not psutil.pid_exists(pid)
    assert [path.name for path in stack.folder.iterdir()] == ["logs"]


@pytest.mark.usefixtures("home")
def test_without_its_own_files_the_stack_goes_on_without_it(grafana: Path) -> None:
    """A program alone would not start; Prometheus watches all the same."""
    (grafana / "conf" / "defaults.ini").unlink()
    said: list[str] = []
    with watched("prometheus", say=said.append) as stack:
        assert any(line.startswith("no Grafana: ") and "defaults.ini" in line for line in said)
        assert "grafana" not in stack.names
        assert "EUREKE_GRAFANA" not in environment(stack)
        assert requests.get(f"{stack.settings.prometheus_url}/-/ready", timeout=5).ok
