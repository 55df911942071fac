"""Requests and answers in the forms that GraphQL over HTTP gives them."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from cross_web import HTTPException
from litestar import Request, Response
from litestar.datastructures.headers import Accept

from eureke.pipeline.api.content import GRAPHQL_RESPONSE, JSON
from eureke.pipeline.api.graph.deadline import TOO_LONG
from eureke.pipeline.api.problems import OUR_FAULT, problem
from eureke.pipeline.api.whole import Whole

KINDS: Final = (JSON, GRAPHQL_RESPONSE)


class Forms:
    """In place of Strawberry's: strict about what comes in, errors as Problem Details."""

    run: Any
    """Strawberry's, which makes what `create_response` makes."""

    async def execute_request(
        self, request: Request[Any, Any, Any], context: Any, root_value: Any
    ) -> Response[Any]:
        """What the operation came to, or what is wrong with the request."""
        try:
            told = await self.run(request, context=context, root_value=root_value)
        except HTTPException as error:
            return problem(error.status_code, error.reason)
        return answer(told, request.accept)

    def create_response(
        self,
        response_data: Mapping[str, Any],
        sub_response: Response[None],  # noqa: ARG002  Strawberry passes it by name
    ) -> Mapping[str, Any]:
        """What was told, as it is: `execute_request` knows what it is wanted as."""
        return response_data

    def parse_json(self, data: str | bytes) -> dict[str, Any] | list[Any]:
        """A request's body; Strawberry would ask a number or null for its query."""
        try:
            told = self.decode_json(data)
        except json.JSONDecodeError as error:
            raise HTTPException(400, f"no JSON: {error.msg}") from error
        if not isinstance(told, dict | list):
            raise HTTPException(400, "a request is an object")
        return told

    def decode_json(self, data: str | bytes) -> object:
        """JSON to its letter: UTF-8, no NaN, no half of a pair of surrogates."""
        try:
            return msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise json.JSONDecodeError(str(error), "", 0) from error


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
