"""The image of our own processes: what it is made from, and what becomes of old ones."""

from pathlib import Path

import pytest
from docker.errors import DockerException

from eureke.errors import ServiceFailed
from eureke.settings import IMAGES
from eureke.stack import image
from eureke.stack.engine import Engine
from eureke.stack.image import build, remove_old


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of the test's own: a Dockerfile that is quick, a lock, and one module."""
    for name, text in {
        image.DOCKERFILE: "ARG PYTHON_IMAGE\nFROM ${PYTHON_IMAGE}\nCOPY lib /app\n",
        image.LOCK: "",
        f"{image.PACKAGE}/one.py": "ONE = 1\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(image, "checkout", lambda: tmp_path)
    return tmp_path


def built(engine: Engine) -> tuple[str, list[str]]:
    said: list[str] = []
    return build(engine, base=IMAGES["python"], say=said.append), said


def test_built_once_and_anew_when_the_code_changes(engine: Engine, copied: Path) -> None:
    """And `eureke clean` removes the one before, but not those of other checkouts."""
    others = {tag for each in engine.client.images.list(name=image.NAME) for tag in each.tags}
    first, said = built(engine)
    try:
        assert said[0].startswith("building the image")
        assert built(engine) == (first, [])
        (copied / image.PACKAGE / "one.py").write_text("ONE = 2\n")
        second, _ = built(engine)
        assert second != first
        assert remove_old(engine) == [f"removed the image {first}"]
        left = {tag for each in engine.client.images.list(name=image.NAME) for tag in each.tags}
        assert left == others | {second}
    finally:
        (copied / image.PACKAGE / "one.py").write_text("ONE = 3\n")
        remove_old(engine)


def test_a_build_that_fails_says_where(engine: Engine, copied: Path) -> None:
    """The last lines of it, and the remedy."""
    (copied / image.DOCKERFILE).write_text(
        "ARG PYTHON_IMAGE\nFROM ${PYTHON_IMAGE}\nRUN echo no room left; exit 3\n"
    )
    with pytest.raises(ServiceFailed, match=r"cannot be built(?s:.*)no room left") as caught:
        built(engine)
    assert isinstance(caught.value.__cause__, DockerException)
    assert "package index" in caught.value.remedy


def test_no_checkout_no_image(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package cannot build it."""
    monkeypatch.setattr(image, "checkout", lambda: None)
    with pytest.raises(ServiceFailed, match="made from a checkout"):
        built(engine)


def test_nothing_but_what_it_needs_goes_into_it() -> None:
    """No notebook, no result, no test."""
    names = [name for name, _ in image._files()]
    assert names[:2] == [image.DOCKERFILE, image.LOCK]
    assert all(name.startswith(f"{image.PACKAGE}/") for name in names[2:])
