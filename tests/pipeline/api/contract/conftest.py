"""An API that may be asked anything: its topics, users and cache are nobody else's."""

import secrets
from collections.abc import Iterator

import pytest
from tests.pipeline.api.conftest import on_database, served

from eureke.stack.topics import make_topics


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address, on either database."""
    folder = tmp_path_factory.mktemp("api")
    own = f"contract-{secrets.token_hex(4)}"
    # What is asked is carried out, however busy the machine.
    settings = on_database(request, folder, prefix=own, graphql_timeout_s=60.0)
    make_topics(settings)
    yield from served(settings, folder)
