"""The pages in a real browser: a question typed and answered, and nothing from outside."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.browser import NEEDED, Browser, opened
from tests.pipeline.api.conftest import TOKENS, Client, served, with_own_users
from tests.waiting import wait_until

from eureke.stack.stack import Stack

pytestmark = NEEDED


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with opened(tmp_path / "profile") as found:
        yield found


@pytest.fixture
def base(stack: Stack, tmp_path: Path) -> Iterator[str]:
    """A server with one user."""
    folder = tmp_path / "api"
    folder.mkdir()
    for found in served(with_own_users(stack, folder), folder):
        with Client(found) as client:
            client.post("/users", json={"username": "ada", "email": "ada@example.com"})
        yield found


def test_a_question_is_typed_and_answered(browser: Browser, base: str) -> None:
    """With a token that reads; the page's scripts are the server's own, and raise nothing."""
    browser.call("Page.navigate", url=f"{base}/graphiql")
    there = "!!document.getElementById('fields')"
    wait_until(lambda: bool(browser.evaluate(there)), within_s=20, what="the page")
    query = "{ users(first: 1) { edges { node { username } } } }"
    browser.evaluate(f"document.getElementById('token').value = {json.dumps(TOKENS['read'])}")
    browser.evaluate(f"document.getElementById('query').value = {json.dumps(query)}")
    browser.evaluate("document.getElementById('ask').click()")
    answer = "document.getElementById('answer').textContent"
    wait_until(lambda: "ada" in str(browser.evaluate(answer)), within_s=20, what="the answer")
    fields = "document.getElementById('fields').children.length"
    wait_until(lambda: int(browser.evaluate(fields)) > 5, within_s=20, what="the schema's fields")
    assert browser.troubles() == []
    assert all(each.startswith((base, "data:")) for each in browser.asked())


def test_the_document_is_a_page(browser: Browser, base: str) -> None:
    """Every operation of the OpenAPI document."""
    browser.call("Page.navigate", url=f"{base}/docs")
    count = "document.querySelectorAll('#operations details').length"
    wait_until(lambda: int(browser.evaluate(count) or 0) >= 9, within_s=20, what="the operations")
    assert browser.troubles() == []
    assert all(each.startswith((base, "data:")) for each in browser.asked())
