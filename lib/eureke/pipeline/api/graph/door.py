"""The door for GraphQL over HTTP and WebSocket, with limits on what a query may cost."""

from datetime import timedelta
from typing import Any, ClassVar, Final

import strawberry
from graphql import GraphQLError
from litestar import Response
from litestar.di import Provide
from litestar.types import Scope
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
from eureke.pipeline.api.behind import Behind
from eureke.pipeline.api.content import NOT_OUR_NAME, is_own_name
from eureke.pipeline.api.graph.context import Context, context_of
from eureke.pipeline.api.graph.deadline import Deadline
from eureke.pipeline.api.graph.forms import Forms
from eureke.pipeline.api.graph.limits import Limits
from eureke.pipeline.api.graph.mutation import Mutation
from eureke.pipeline.api.graph.query import Query
from eureke.pipeline.api.graph.subscription import Subscription
from eureke.pipeline.api.guard import READS, UNKNOWN_CALLER, Guard
from eureke.pipeline.api.problems import OUR_FAULT

TOKENS_MOST: Final = 1_000
QUERIES_KEPT: Final = 200


def door(guard: Guard, behind: Behind) -> Any:
    """The controller; with a schema to look at where it is for teaching."""
    settings = behind.settings

    async def context(scope: Scope) -> Context:
        return context_of(behind, scope)

    schema = _Schema(
        Query,
        Mutation,
        Subscription,
        config=StrawberryConfig(disable_field_suggestions=not settings.teaching),
        extensions=[
            lambda: AddValidationRules([Limits]),
            lambda: MaxTokensLimiter(max_token_count=TOKENS_MOST),
            lambda: Deadline(settings.graphql_timeout_s),
            lambda: MaskErrors(_of_the_inside, OUR_FAULT),
            *([] if settings.teaching else [DisableIntrospection]),
            # Most of a query's time is its parsing and validation, and clients ask the same again.
            lambda: ParserCache(maxsize=QUERIES_KEPT),
            lambda: ValidationCache(maxsize=QUERIES_KEPT),
        ],
    )
    made: Any = make_graphql_controller(
        schema,
        path="/graphql",
        graphql_ide=None,  # Strawberry's page loads its parts from somewhere else
        connection_init_wait_timeout=timedelta(seconds=settings.api_request_timeout_s),
        subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
        context_getter=context,
    )

    class Door(Forms, made):  # type: ignore[misc]
        """What Strawberry makes, with our forms of requests and answers, and our tokens."""

        handle_http_get = None  # a link in a page could ask by it: 405
        # A reader's token will do: what changes something looks at it itself.
        opt: ClassVar = {READS: True}
        include_in_schema = False  # its own schema is its document
        dependencies: ClassVar = {
            **made.dependencies,
            "response": Provide(_response, sync_to_thread=False),
        }

        async def on_ws_connect(self, context: Context) -> Any:
            """Lets a socket in by our own name and the token of its first message."""
            context.granted = _granted(context, guard)
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


def _granted(context: Context, guard: Guard) -> str:
    socket = context.websocket
    if socket is None or not is_own_name(socket.headers, context.behind.settings.api_hosts):
        raise ConnectionRejectionError({"reason": NOT_OUR_NAME})
    scope = guard.scope_of(_token(context))
    if scope is None:
        raise ConnectionRejectionError({"reason": UNKNOWN_CALLER})
    return scope


def _token(context: Context) -> str:
    """A browser cannot send a header with a socket, but a first message."""
    said = context.connection_params or {}
    header = str(said.get("Authorization", "")) if isinstance(said, dict) else ""
    return header.removeprefix("Bearer ")


def _of_the_inside(error: GraphQLError) -> bool:
    """Whether an error tells of what is behind; ours to say are those of values."""
    inner = error.original_error
    return inner is not None and not isinstance(inner, GraphQLError | BadParameter | ValueError)
