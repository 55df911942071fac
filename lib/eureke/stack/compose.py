"""Writes deploy/nginx anew, after the catalogue was changed: `python -m eureke.stack.compose`."""

from pathlib import Path
from string import Template
from typing import Final

from eureke.places import checkout
from eureke.settings import API_HOSTS
from eureke.stack import catalogue

FOLDER: Final = "deploy/nginx"
NGINX: Final = catalogue.nginx({"api": "api:8080"}, hosts=(*API_HOSTS, "nginx"))
"""Before as many replicas as the name `api` stands for when it starts."""


def rendered() -> dict[str, str]:
    """Its files as Compose mounts them, by their names."""
    container = NGINX.container
    assert container is not None  # noqa: S101  it is one that has
    values = {"port": container.ports[""], "port_status": container.ports["status"]}
    return {
        name: Template(text).substitute(values, bind="0.0.0.0", folder="/tmp")  # noqa: S104, S108
        for name, text in NGINX.files.items()
    }


def main() -> None:
    """Writes them."""
    for name, text in rendered().items():
        ((checkout() or Path()) / FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()
