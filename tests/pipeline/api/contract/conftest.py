"""An API that may be asked anything: its topics, users and cache are nobody else's."""

import secrets
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.pipeline.api.conftest import TOKENS, own_database, served, with_own_users

from eureke.stack.stack import Stack
from eureke.stack.topics import make_topics


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address, on either database."""
    folder = tmp_path_factory.mktemp("api")
    stack: Stack = request.getfixturevalue("stack" if request.param == "sqlite" else "contained")
    own = f"contract-{secrets.token_hex(4)}"
    # What is asked is carried out, however busy the machine.
    settings = with_own_users(stack, folder, prefix=own, graphql_timeout_s=60.0)
    if request.param == "postgresql":
        url = own_database(stack.settings.users_url)
        settings = replace(settings, users_url=url, api_tokens=TOKENS)
    make_topics(settings)
    yield from served(settings, folder)
