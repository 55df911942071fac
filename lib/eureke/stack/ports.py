"""Ports: free ones, and whose the taken ones are."""

import socket

import psutil

from eureke.errors import BadParameter


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that nobody listens on now, all different."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def check_free(port: int, *, service: str) -> None:
    """Raises BadParameter where the port that was asked for is taken, and says by whom."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError as error:
            raise BadParameter(
                f"port {port}, asked for {service}, is taken{_holder(port)}: {error}",
                remedy="end that process, name another port, or name none to get a free one",
            ) from error


def _holder(port: int) -> str:
    try:
        for connection in psutil.net_connections(kind="tcp"):
            address = tuple(connection.laddr)
            if connection.status == psutil.CONN_LISTEN and port in address:
                pid = connection.pid
                return f" by process {pid} ({psutil.Process(pid).name()})" if pid else ""
    except psutil.Error:
        return ""  # another user's process: its name is not ours to know
    return ""
