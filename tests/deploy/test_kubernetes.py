"""deploy/kubernetes is valid by the published schemas, and says what the catalogue says."""

from pathlib import Path
from typing import Any

import kubernetes_validate
import msgspec
import pytest
import yaml

from eureke.settings import LANES, Settings
from eureke.stack import catalogue
from eureke.stack.service import Service

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
FILES = sorted(FOLDER.glob("*.yaml"))
OBJECTS: list[dict[str, Any]] = [
    each for file in FILES for each in yaml.safe_load_all(file.read_text())
]
DEPLOYMENTS = {each["metadata"]["name"]: each for each in OBJECTS if each["kind"] == "Deployment"}
SERVICES: dict[str, Service] = {"eureke-api": catalogue.api(1)} | {
    f"eureke-{role}-{lane}": make(lane, 1)
    for lane in LANES
    for role, make in (("dispatcher", catalogue.dispatcher), ("worker", catalogue.worker))
}


@pytest.mark.parametrize("described", OBJECTS, ids=lambda each: each["metadata"]["name"])
def test_it_is_valid(described: dict[str, Any]) -> None:
    """Unknown fields included: a cluster would ignore a mistyped limit."""
    newest = kubernetes_validate.latest_version()
    kubernetes_validate.validate(described, newest, strict=True)


def test_a_mistyped_field_is_found() -> None:
    """Else the test above proves nothing."""
    wrong = yaml.safe_load(yaml.safe_dump(next(iter(DEPLOYMENTS.values()))))
    wrong["spec"]["replica"] = 2
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, kubernetes_validate.latest_version(), strict=True)


@pytest.mark.parametrize("name", SERVICES)
def test_a_deployment_is_the_catalogue_s(name: str) -> None:
    """The same command and limit, probed, and hardened as our containers are here."""
    service = SERVICES[name]
    [container] = DEPLOYMENTS[name]["spec"]["template"]["spec"]["containers"]
    command = list(service.command)
    if "--name" in command:  # a pod has its host's name
        command = command[: command.index("--name")]
    command = [{"$bind": "0.0.0.0", "$port": "8080"}.get(word, word) for word in command]  # noqa: S104
    assert container["command"][1:] == command[1:]
    assert service.container is not None
    assert container["resources"]["limits"]["memory"] == f"{service.container.memory_mib}Mi"
    assert container["startupProbe"]
    assert container["readinessProbe"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_every_lane_has_both() -> None:
    """Nothing is left out."""
    assert set(DEPLOYMENTS) == set(SERVICES)


def test_the_settings_can_be_read() -> None:
    """By the code that reads them, without a password in them."""
    [text] = [each["data"]["settings.json"] for each in OBJECTS if each["kind"] == "ConfigMap"]
    settings = msgspec.json.decode(text, type=Settings)
    assert "${EUREKE_PASSWORD}@" in settings.redis_queue
