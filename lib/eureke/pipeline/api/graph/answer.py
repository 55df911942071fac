"""What an operation came to, in the form that GraphQL over HTTP gives it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar.datastructures.headers import Accept

from eureke.pipeline.api.content import GRAPHQL_RESPONSE, JSON
from eureke.pipeline.api.graph.deadline import TOO_LONG
from eureke.pipeline.api.problems import OUR_FAULT
from eureke.pipeline.api.whole import Whole

KINDS: Final = (JSON, GRAPHQL_RESPONSE)


def answer(told: Mapping[str, Any], accept: Accept) -> Whole:
    """As JSON it is 200 whatever it says; as a GraphQL response the status says it, too."""
    if refused := _refused(told):
        told = {name: value for name, value in told.items() if name != "data"}
    kind = accept.best_match(list(KINDS), default=JSON) or JSON
    status = _status(told) if refused and kind == GRAPHQL_RESPONSE else HTTPStatus.OK
    return Whole(msgspec.json.encode(told), status=status, kind=kind, headers={})


def _refused(told: Mapping[str, Any]) -> bool:
    """Whether it came to nothing as a whole: where a field failed, the error has its path."""
    return told["data"] is None and not any("path" in each for each in told["errors"])


def _status(told: Mapping[str, Any]) -> HTTPStatus:
    for each in told["errors"]:
        if each.get("extensions", {}).get("code") == TOO_LONG:
            return HTTPStatus.SERVICE_UNAVAILABLE
        if each["message"] == OUR_FAULT:
            return HTTPStatus.INTERNAL_SERVER_ERROR
    return HTTPStatus.BAD_REQUEST
