"""The door for GraphQL over HTTP and WebSocket, with limits on what a query may cost."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Final

import msgspec
import strawberry
from cross_web import HTTPException
from graphql import GraphQLError
from litestar import Request, Response
from litestar.di import Provide
from strawberry.exceptions import ConnectionRejectionError
from strawberry.extensions import (
    AddValidationRules,
    DisableIntrospection,
    MaskErrors,
    MaxTokensLimiter,
    ParserCache,
    ValidationCache,
)
from strawberry.litestar import make_graphql_controller
from strawberry.schema.config import StrawberryConfig
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.execution import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType
from strawberry.types.unset import UNSET

from eureke.errors import BadParameter
from eureke.pipeline.api.graph.answer import answer
from eureke.pipeline.api.graph.context import Context, context_of
from eureke.pipeline.api.graph.deadline import Deadline
from eureke.pipeline.api.graph.limits import Limits
from eureke.pipeline.api.graph.mutation import Mutation
from eureke.pipeline.api.graph.query import Query
from eureke.pipeline.api.graph.subscription import Subscription
from eureke.pipeline.api.guard import READS, UNKNOWN_CALLER, Guard
from eureke.pipeline.api.problems import OUR_FAULT, problem

TOKENS_MOST: Final = 1_000
QUERIES_KEPT: Final = 200


def door(guard: Guard, *, teaching: bool, timeout_s: float) -> Any:
    """The controller; with a schema to look at where it is for teaching."""
    schema = _Schema(
        Query,
        Mutation,
        Subscription,
        config=StrawberryConfig(disable_field_suggestions=not teaching),
        extensions=[
            lambda: AddValidationRules([Limits]),
            lambda: MaxTokensLimiter(max_token_count=TOKENS_MOST),
            lambda: Deadline(timeout_s),
            lambda: MaskErrors(_of_the_inside, OUR_FAULT),
            *([] if teaching else [DisableIntrospection]),
            # Most of a query's time is its parsing and validation, and clients ask the same again.
            lambda: ParserCache(maxsize=QUERIES_KEPT),
            lambda: ValidationCache(maxsize=QUERIES_KEPT),
        ],
    )
    made: Any = make_graphql_controller(
        schema,
        path="/graphql",
        graphql_ide=None,  # Strawberry's page loads its parts from somewhere else
        subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
        context_getter=context_of,
    )

    class Door(made):  # type: ignore[misc]
        """What Strawberry makes, with our tokens for its sockets, and our forms of answers."""

        handle_http_get = None  # a link in a page could ask by it: 405
        # A reader's token will do: what changes something looks at it itself.
        opt: ClassVar = {READS: True}
        dependencies: ClassVar = {
            **made.dependencies,
            "response": Provide(_response, sync_to_thread=False),
        }

        async def execute_request(
            self, request: Request[Any, Any, Any], context: Context, root_value: Any
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

        def decode_json(self, data: str | bytes) -> object:
            """JSON to its letter: UTF-8, no NaN, no half of a pair of surrogates."""
            try:
                return msgspec.json.decode(data)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise json.JSONDecodeError(str(error), "", 0) from error

        def parse_json(self, data: str | bytes) -> Any:
            """A request's body; Strawberry would ask a number or null for its query."""
            told = super().parse_json(data)
            if not isinstance(told, dict | list):
                raise HTTPException(400, "a request is an object")
            return told

        async def on_ws_connect(self, context: Context) -> Any:
            """Lets a socket in by the token of its first message."""
            scope = guard.scope_of(_token(context))
            if scope is None:
                raise ConnectionRejectionError({"reason": UNKNOWN_CALLER})
            context.granted = scope
            return UNSET

    return Door


class _Schema(strawberry.Schema):
    """One that writes down what is wrong here, and not what clients do wrong."""

    async def execute(self, *arguments: Any, **named: Any) -> ExecutionResult:
        """An operation by HTTP; what can be followed needs a socket."""
        allowed = set(named.get("allowed_operation_types") or OperationType)
        named["allowed_operation_types"] = allowed - {OperationType.SUBSCRIPTION}
        return await super().execute(*arguments, **named)

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Writes them down."""
        inside = [error for error in errors if _of_the_inside(error)]
        if inside:
            super().process_errors(inside, execution_context)


def _response() -> Response[None]:
    """Of Strawberry's own this needs a thread for every request."""
    return Response(None)


def _token(context: Context) -> str:
    """A browser cannot send a header with a socket, but a first message."""
    said = context.connection_params or {}
    header = str(said.get("Authorization", "")) if isinstance(said, dict) else ""
    return header.removeprefix("Bearer ")


def _of_the_inside(error: GraphQLError) -> bool:
    """Whether an error tells of what is behind; ours to say are those of values."""
    inner = error.original_error
    return inner is not None and not isinstance(inner, GraphQLError | BadParameter | ValueError)
