"""Ports: free ones, and whose the taken ones are."""

import socket
from typing import Final

import psutil

from eureke.errors import BadParameter

LOOPBACK: Final = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that nobody listens on now, all different."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def check_free(port: int, *, service: str) -> None:
    """Raises BadParameter where the port that was asked for cannot be had, and says why."""
    if not 1 <= port <= 65535:
        raise BadParameter(
            f"{port}, asked for {service}, is no port", remedy="a port lies between 1 and 65535"
        )
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((LOOPBACK, port))
        except OSError as error:
            raise BadParameter(
                f"port {port}, asked for {service}, cannot be had{holder(port)}: {error.strerror}",
                remedy="end what holds it, name another port, or name none to get a free one",
            ) from error


def holder(port: int) -> str:
    """Who listens on a port, as far as this user may know; empty where nobody is seen."""
    try:
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN and port in tuple(connection.laddr):
                pid = connection.pid
                return f" (held by process {pid}, {psutil.Process(pid).name()})" if pid else ""
    except psutil.Error:
        return ""  # another user's process: its name is not ours to know
    return ""
