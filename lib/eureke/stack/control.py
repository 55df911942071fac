"""The other end of a supervisor: started here, and asked over its Unix socket."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

from eureke.errors import ServiceFailed
from eureke.stack.folder import SOCKET, TOKEN_VARIABLE


def supervise(folder: Path, token: str, lock: IO[bytes]) -> subprocess.Popen[bytes]:
    """Starts a supervisor that holds the folder's lock; it ends when its standard input closes.

    Raises:
        ServiceFailed: it did not start.
    """
    log = folder / "logs" / "supervisor.log"
    with log.open("wb") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "eureke.stack.supervisor", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            cwd=folder,  # in the reader's folder, a file `redis.py` would be taken for Redis
            env=os.environ | {TOKEN_VARIABLE: token},
            pass_fds=(lock.fileno(),),
            start_new_session=True,  # Ctrl-C in a notebook is not meant for it
        )
    assert supervisor.stdout is not None  # noqa: S101  it is a pipe, as asked
    with supervisor.stdout as answer:
        if answer.readline() != b"ready\n":
            raise ServiceFailed(
                f"the supervisor did not start: {log.read_text()}",
                remedy="`eureke doctor` checks what this machine lacks",
            )
    return supervisor


def ask(folder: Path, do: str, *, timeout_s: float = 30.0, **fields: Any) -> Any:
    """The supervisor's answer.

    Raises:
        ServiceFailed: nobody supervises this folder (any more), or the request was refused.
    """
    try:
        answer = json.loads(_exchange(folder, {"do": do} | fields, timeout_s=timeout_s))
    except (OSError, ValueError) as error:
        raise ServiceFailed(
            f"the supervisor of {folder.name} does not answer: {error}",
            remedy="start a stack: `eureke up`; remove what a killed one left: `eureke clean`",
        ) from error
    if "remedy" in answer:
        raise ServiceFailed(answer["error"], remedy=answer["remedy"])
    if "error" in answer:
        raise ServiceFailed(
            f"the supervisor refused `{do}`: {answer['error']}",
            remedy="see `eureke status` for what runs",
        )
    return answer["answer"]


def _exchange(folder: Path, request: dict[str, Any], *, timeout_s: float) -> bytes:
    # A socket's path has about 100 bytes; the way through the folder's descriptor is short.
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout_s)
            connection.connect(f"/proc/self/fd/{directory}/{SOCKET}")
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as answer:
                return answer.readline()
    finally:
        os.close(directory)
