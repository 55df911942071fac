"""Writes what Compose mounts anew, after it was changed: `python -m eureke.stack.compose`."""

from pathlib import Path
from string import Template
from typing import Final

from eureke.places import checkout
from eureke.settings import API_HOSTS
from eureke.stack import catalogue
from eureke.stack.service import Service

FOLDER: Final = "deploy"
NGINX: Final = catalogue.nginx({"api": "api:8080"}, hosts=(*API_HOSTS, "nginx"))
"""Before as many replicas as the name `api` stands for when it starts."""
GRAFANA: Final = catalogue.grafana()


def rendered() -> dict[str, str]:
    """Its files, by their paths in `deploy`."""
    container = NGINX.container
    assert container is not None  # noqa: S101  it is one that has
    values = {"port": container.ports[""], "port_status": container.ports["status"]}
    nginx = _filled(NGINX, bind="0.0.0.0", folder="/tmp", **values)  # noqa: S104, S108
    return nginx | _filled(GRAFANA)


def _filled(service: Service, **values: object) -> dict[str, str]:
    return {
        f"{service.name}/{name}": Template(text).substitute(values)
        for name, text in service.files.items()
    }


def main() -> None:
    """Writes them."""
    for name, text in rendered().items():
        file = (checkout() or Path()) / FOLDER / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


if __name__ == "__main__":
    main()
