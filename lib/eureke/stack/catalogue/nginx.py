"""Nginx before the replicas of the API: the one address by which applications come in."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from importlib.resources import files as resources
from string import Template
from types import MappingProxyType
from typing import Final

from eureke.settings import API_BODY_BYTES_MOST, API_IDLE_S, API_MANY_BYTES_MOST
from eureke.stack.service import Container, Service

METHODS: Final = {"least_conn": "least_conn;", "round_robin": ""}
"""How the next replica is chosen; taking turns is what Nginx does when it is told nothing."""
UPSTREAM_FILE: Final = "upstream.conf"
PROBLEMS: Final = {
    400: "this is no request that can be read",
    408: "the request did not come in time",
    413: "the body is larger than is taken here",
    414: "the address is longer than is taken here",
    429: "too many requests or connections at a time",
    431: "the headers are larger than is taken here",
    502: "no replica of the API has answered: send it again under the same key or id",
    504: "no replica of the API has answered in time: send it again under the same key or id",
}
"""What Nginx answers itself, in the API's own words for what is wrong (RFC 9457)."""
NAMED: Final = {431: "494 =431"}
"""Where Nginx has a number of its own."""
# Where root starts a stack, a worker that is somebody else could not get into the run's folder.
WORKER: Final = "" if os.getuid() else "user root;"
INSIDE: Final = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""Who may see its counts: this machine, and a container's network."""
AGAIN: Final = (429, 502, 504)
"""Of these, where a client may try again in a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is taken from clients and waited for; wide, since here all come from one address."""

    requests_per_s: int = 20_000
    """Of one address; so many more at once are let through as well."""
    connections: int = 1_500
    """Of one address, with a request under way."""
    header_timeout_s: int = 5
    body_timeout_s: int = 10
    """Between two pieces of a body; the same for a client that does not read its answer."""
    answer_timeout_s: int = 30
    """The longest that a replica is waited for; an idle WebSocket has a ping every 20 s."""
    connect_timeout_s: int = 1
    tries: int = 3
    """Replicas that one request is given to at most, within the seconds below."""
    tries_s: int = 10
    fails: int = 3
    """A replica that failed so often within the seconds below gets nothing for as long."""
    fails_s: int = 2
    drain_s: int = 10
    """The longest that a former configuration serves the connections it had."""


WIDE: Final = Limits()


class _Blanks(Template):
    """Blanks that are no variables of Nginx's."""

    delimiter = "%"


STATUS: Final = """\
location = /status {
            stub_status;
            %allowed
            deny all;
        }"""
PROBLEM: Final = """\
location @problem_%status {
            default_type application/problem+json;
            add_header X-Request-Id $told_id always;
            add_header Retry-After %again always;
            return %status '{"title":"%title","status":%status,"detail":"%detail"}';
        }"""
CERTIFICATE: Final = """\
ssl_certificate certificate.pem;
    ssl_certificate_key key.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:tls:1m;"""


def nginx(
    replicas: Mapping[str, str],
    *,
    method: str = "least_conn",
    hosts: Sequence[str],
    limits: Limits = WIDE,
    counts: bool = True,
    certificate: Mapping[str, str] = MappingProxyType({}),
) -> Service:
    """One Nginx.

    Args:
        replicas: their addresses, by their names.
        method: one of METHODS.
        hosts: names by which it may be asked.
        limits: what is taken from clients and waited for.
        counts: whether the build has `stub_status`.
        certificate: files `certificate.pem` and `key.pem`, for a further port that speaks TLS.
    """
    ports = ("", "status", *(("tls",) if certificate else ()))
    inside = {"": 8080, "status": 8081, "tls": 8443}
    files = {
        "nginx.conf": _main(hosts=hosts, limits=limits, counts=counts, tls=bool(certificate)),
        UPSTREAM_FILE: upstream(tuple(replicas.values()), method=method, limits=limits),
        **certificate,
    }
    return Service(
        name="nginx",
        side="system",
        ports=ports,
        files=files,
        command=(
            "$nginx",
            "-p",
            "$folder",
            "-c",
            "nginx.conf",
            "-e",
            "stderr",
            "-g",
            f"daemon off; {WORKER}",
        ),
        probe="http",
        needs=tuple(replicas),
        container=Container(
            image="nginx",
            ports={name: inside[name] for name in ports},
            peer_port=inside[""],
            command=(),
            mounts={name: f"/etc/nginx/{name}" for name in files},
        ),
    )


def upstream(replicas: Sequence[str], *, method: str, limits: Limits = WIDE) -> str:
    """The file with the replicas, which is written anew when there are more or fewer."""
    servers = "".join(
        f"    server {each} max_fails={limits.fails} fail_timeout={limits.fails_s}s;\n"
        for each in replicas
    )
    return f"""\
upstream api {{
    zone api 128k;
    {METHODS[method]}
{servers}\
    keepalive 64;
    keepalive_requests 100000;
    # Shorter than a replica's own, or a request would meet a connection that is being closed.
    keepalive_timeout {API_IDLE_S - 15}s;
}}
map $$host $$servers {{
    default "{" ".join(replicas)}";
}}
"""


def _main(*, hosts: Sequence[str], limits: Limits, counts: bool, tls: bool) -> str:
    """The main file, with blanks left for what is known when it is started."""
    listen = ["listen %bind:%port;", *(["listen %bind:%port_tls ssl;"] if tls else [])]
    strangers = [each.replace(";", " default_server;") for each in listen]
    strangers.append("listen %bind:%port_status default_server;")
    text = _filled(
        (resources(__package__) / "nginx.conf").read_text(),
        **asdict(limits),
        body_bytes=API_BODY_BYTES_MOST,
        many_bytes=API_MANY_BYTES_MOST,
        upstream_file=UPSTREAM_FILE,
        certificate=CERTIFICATE if tls else "",
        hosts=" ".join(hosts),
        inside=_lines(f"{each} 0;" for each in INSIDE),
        listen=_lines(listen),
        listen_strangers=_lines(strangers),
        problem_pages=_lines(
            f"error_page {NAMED.get(each, each)} @problem_{each};" for each in PROBLEMS
        ),
        problems=_lines(_problem(*each) for each in PROBLEMS.items()),
        status=_filled(STATUS, allowed=_lines(f"allow {each};" for each in INSIDE))
        if counts
        else "",
    )
    return text.replace("$", "$$").replace("%", "$")


def _problem(status: int, detail: str) -> str:
    title = HTTPStatus(status).phrase
    again = "1" if status in AGAIN else '""'
    return _filled(PROBLEM, status=status, detail=detail, title=title, again=again)


def _filled(template: str, **values: object) -> str:
    return _Blanks(template).safe_substitute(values)


def _lines(lines: Iterable[str]) -> str:
    return "\n        ".join(lines)
