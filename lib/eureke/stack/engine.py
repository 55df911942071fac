"""The Docker engine, as far as a stack needs it: does it answer, what has it, what was left."""

import contextlib
import ipaddress
import logging
import os
import socket
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import docker
import psutil
import requests
from docker.errors import APIError, DockerException, ImageNotFound
from testcontainers.core.docker_client import DockerClient

from eureke.errors import ServiceFailed
from eureke.progress import Progress

LABEL: Final = "eureke.run"
"""On all we make with an engine; its value is the run folder."""
STAND_IN: Final = "eureke.standin"
SILENT: Final = (DockerException, requests.RequestException)
"""What the engine's client raises where the engine does not answer, or refuses."""
TIMEOUT_S: Final = 10
IN_A_CONTAINER: Final = (Path("/.dockerenv"), Path("/run/.containerenv"))
OR_PROCESSES: Final = "without an engine servers run as processes: `--backend processes`"

# It tells of each container what we tell better.
logging.getLogger("testcontainers").setLevel(logging.WARNING)


class Engine:
    """A Docker engine that answers, on this machine."""

    def __init__(self, client: docker.DockerClient, version: str) -> None:
        self.client = client
        self.version = version

    @classmethod
    def connect(cls) -> "Engine":
        """The engine of this machine.

        Raises:
            ServiceFailed: none answers, this user may not use it, or its containers' ports
                are not on this machine's loopback.
        """
        try:
            client = DockerClient(timeout=TIMEOUT_S).client
            version = client.version()["Version"]
        except (*SILENT, OSError) as error:
            raise _unreachable(error) from error
        away = _elsewhere(client)
        if away:
            raise ServiceFailed(away, remedy=f"use an engine of this machine; {OR_PROCESSES}")
        return cls(client, version)

    def has(self, image: str) -> bool:
        """Whether the image is there."""
        return self._labels(image) is not None

    def have(self, image: str, *, say: Callable[[str], None]) -> None:
        """Returns when the image is there, fetched where it has to be.

        Raises:
            ServiceFailed: it is not there and cannot be fetched.
        """
        if self.has(image):
            return
        say(f"fetching the image {image}")
        try:
            _follow(self.client.api.pull(*image.rsplit(":", 1), stream=True, decode=True), image)
        except SILENT as error:
            raise ServiceFailed(
                f"the image {image} is not there and cannot be fetched: {_said(error)}",
                remedy=f"`docker pull {image}` where the registry can be reached; {OR_PROCESSES}",
            ) from error

    def stand_ins(self, images: Iterable[str]) -> dict[str, str]:
        """Those of the images that only bear the official name, and what they were built from."""
        labels = {each: self._labels(each) or {} for each in images}
        return {each: found[STAND_IN] for each, found in labels.items() if STAND_IN in found}

    def sweep(self, is_left: Callable[[Path], bool]) -> list[str]:
        """Removes what the run folders named there have left; says what it did, a line each."""
        done = []
        marked = {"label": LABEL}
        everything = self.client.containers.list(all=True, filters=marked, ignore_removed=True)
        for each in (*everything, *self.client.networks.list(filters=marked)):
            labels = each.labels if hasattr(each, "labels") else each.attrs["Labels"]
            if is_left(Path(labels[LABEL])):
                kind = type(each).__name__.lower()
                try:
                    each.remove(**({"force": True, "v": True} if kind == "container" else {}))
                except APIError as error:
                    if error.status_code not in (404, 409):  # somebody else removes it as well
                        raise
                done.append(f"removed the {kind} {each.name}")
        return done

    def _labels(self, image: str) -> dict[str, str] | None:
        """The image's labels; None where it is not there."""
        try:
            labels: dict[str, str] = self.client.images.get(image).labels
        except ImageNotFound:
            return None
        return labels

    def close(self) -> None:
        """Ends the connection."""
        self.client.close()


@contextlib.contextmanager
def answering() -> Iterator[None]:
    """Turns whatever an engine says no to into an error with a remedy."""
    try:
        yield
    except SILENT as error:
        raise ServiceFailed(
            f"the Docker engine answers, and then fails: {_said(error)}",
            remedy=f"`docker info` shows its state; {OR_PROCESSES}",
        ) from error


def _follow(lines: Iterator[dict[str, Any]], image: str) -> None:
    """Shows how a download gets on; its size is known layer by layer."""
    layers: dict[str, tuple[int, int]] = {}
    with Progress(image, total=100, unit="%") as progress:
        for line in lines:
            if "error" in line:
                raise DockerException(line["error"])
            told = line.get("progressDetail") or {}
            if line.get("status") == "Downloading" and "current" in told:
                layers[line["id"]] = told["current"], told.get("total", 0)
                fetched, size = (sum(part) for part in zip(*layers.values(), strict=True))
                progress.reach(100 * fetched / max(size, 1))


def _unreachable(error: Exception) -> ServiceFailed:
    where = os.environ.get("DOCKER_HOST", "this machine's socket")
    causes = list(_causes(error))
    if any(isinstance(each, PermissionError) for each in causes):
        return ServiceFailed(
            f"this user may not talk to the Docker engine at {where}",
            remedy="have the user added to the group docker, or run a rootless engine; "
            f"{OR_PROCESSES}",
        )
    return ServiceFailed(
        f"no Docker engine answers at {where}: {_said(causes[-1])}",
        remedy=f"start one, or set DOCKER_HOST to where it listens; {OR_PROCESSES}",
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and all it came from, the last one the first to happen."""
    yield error
    for each in (*error.args, error.__cause__ or error.__context__):
        if isinstance(each, BaseException):
            yield from _causes(each)


def _said(error: BaseException) -> str:
    return str(getattr(error, "explanation", None) or error).strip()


def _elsewhere(client: docker.DockerClient) -> str:
    """Why ports of the engine's containers are not on our loopback; empty where they are."""
    host = urlsplit(os.environ.get("DOCKER_HOST", "")).hostname
    if host and host not in ("localhost", "127.0.0.1", "::1"):
        return (
            f"the Docker engine is on another machine ({host}): its containers' ports are not on "
            "this one's loopback, and load goes nowhere else"
        )
    if any(path.exists() for path in IN_A_CONTAINER) and not _shares_our_network(client):
        return (
            "this is a container, and its Docker engine runs outside of it: the engine's "
            "containers are not on the loopback of this one"
        )
    return ""


def _shares_our_network(client: docker.DockerClient) -> bool:
    """Whether the engine's bridge is one of our interfaces, or it is rootless and forwards."""
    if any("rootless" in option for option in client.info().get("SecurityOptions") or ()):
        return True
    bridges = client.networks.get("bridge").attrs["IPAM"]["Config"] or []
    subnets = [ipaddress.ip_network(each["Subnet"]) for each in bridges]
    ours = [
        ipaddress.ip_address(each.address)
        for addresses in psutil.net_if_addrs().values()
        for each in addresses
        if each.family == socket.AF_INET
    ]
    return any(address in subnet for address in ours for subnet in subnets)
