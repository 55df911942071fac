"""The image of our own processes: built once from the checkout, found again by its content."""

import hashlib
import io
import os
import re
import tarfile
from collections.abc import Callable, Iterator
from typing import Final

from docker.errors import DockerException

from eureke.errors import ServiceFailed
from eureke.places import checkout
from eureke.settings import IMAGES
from eureke.stack.engine import SILENT, Engine

NAME: Final = "eureke"
LABEL: Final = "eureke.image"
"""On each image made here; its value is the checkout."""
DOCKERFILE: Final = "deploy/Dockerfile"
LOCK: Final = "deploy/requirements.lock"
PACKAGE: Final = "lib/eureke"
KEPT: Final = (".py", ".lock", ".html", ".js")
"""What of the package our own processes need."""
STEP: Final = re.compile(r"Step \d+/\d+ ")
FROM_HERE: Final = (
    "PIP_INDEX_URL",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)
"""What this machine needs to reach a package index, the build needs too."""


def build(engine: Engine, *, base: str, say: Callable[[str], None]) -> str:
    """The name of the image, which is there afterwards.

    Raises:
        ServiceFailed: this is no checkout, or the build failed.
    """
    files = dict(_files())
    name = _name(files, base)
    if engine.has(name):
        return name
    say(f"building the image {name}, once for this version of the code")
    answers = engine.client.api.build(
        fileobj=_archive(files),
        custom_context=True,
        dockerfile=DOCKERFILE,
        tag=name,
        rm=True,
        forcerm=True,
        decode=True,
        labels={LABEL: str(checkout())},
        buildargs={"PYTHON_IMAGE": base}
        | {each: os.environ[each] for each in FROM_HERE if each in os.environ},
    )
    lines: list[str] = []
    try:
        for answer in answers:
            lines += (answer.get("stream") or "").splitlines()
            if lines and STEP.match(lines[-1]):
                say(f"  {lines[-1].rstrip()}")
            if "error" in answer:
                raise DockerException(answer["error"])
    except SILENT as error:
        last = "\n".join(lines[-20:])
        raise ServiceFailed(
            f"the image of our own processes cannot be built: {error}\n{last}",
            remedy="see that the package index can be reached and the disk has room; without "
            "containers: `--backend processes`",
        ) from error
    return name


def remove_old(engine: Engine) -> list[str]:
    """Removes images of this checkout's earlier versions; says what it did, a line each."""
    done = []
    now = _name(dict(_files()), IMAGES["python"])
    for image in engine.client.images.list(filters={"label": f"{LABEL}={checkout()}"}):
        for tag in image.tags:
            if tag.startswith(f"{NAME}:") and tag != now:
                engine.client.images.remove(tag)
                done.append(f"removed the image {tag}")
    return done


def _files() -> Iterator[tuple[str, bytes]]:
    """What the image is made from, by path in the checkout."""
    root = checkout()
    if root is None:
        raise ServiceFailed(
            "the image of our own processes is made from a checkout, and this is none",
            remedy="run from a checkout, or without containers: `--backend processes`",
        )
    package = sorted((root / PACKAGE).rglob("*"))
    kept = [each for each in package if each.suffix in KEPT]
    for path in (root / DOCKERFILE, root / LOCK, *kept):
        yield path.relative_to(root).as_posix(), path.read_bytes()


def _name(files: dict[str, bytes], base: str) -> str:
    """By what it is made from, so that the same is found again."""
    digest = hashlib.sha256(base.encode())
    for name, content in files.items():
        digest.update(f"\0{name}\0{len(content)}\0".encode())
        digest.update(content)
    return f"{NAME}:{digest.hexdigest()[:16]}"


def _archive(files: dict[str, bytes]) -> io.BytesIO:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = 0o644
            tar.addfile(entry, io.BytesIO(content))
    archive.seek(0)
    return archive
