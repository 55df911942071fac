"""The other end of a supervisor: one JSON request a connection, over its Unix socket."""

import json
import os
import socket
from pathlib import Path
from typing import Any

from eureke.errors import ServiceFailed
from eureke.stack.supervisor import SOCKET


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
