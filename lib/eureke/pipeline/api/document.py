"""The OpenAPI document: addresses and parameters are Litestar's, the rest is said here.

Litestar cannot see which statuses, headers and bodies a handler answers with, and leaves out most
limits of msgspec's types; msgspec itself says all of them.
"""

from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin

from eureke.notification import Notification
from eureke.pipeline.accounts import NewUser, Page, User
from eureke.pipeline.api.content import JSON, MERGE_PATCH, NDJSON
from eureke.pipeline.api.notifications import ITEMS_MOST, Accepted, Many, NewNotification
from eureke.pipeline.api.problems import MEDIA_TYPE, Problem
from eureke.pipeline.statuses import Status

Json = dict[str, Any]
TYPES: Final = (
    *(NewUser, User, Page, Notification),
    *(NewNotification, Accepted, Many, Status, Problem),
)
NULL: Final = {"type": "null"}
ANYBODY: Final = (406, 421)
"""Statuses that whoever asks may be refused with; and so on, for those who do more."""
READER: Final = (*ANYBODY, 400, 401, 429, 503)
WRITER: Final = (*READER, 403)
SENDER: Final = (*WRITER, 413, 415, 422)
NOT_AS_SEEN: Final = (404, 412)


class Document(JsonRenderPlugin):
    """Shows Litestar's document with what it lacks."""

    def render(self, _request: Request[Any, Any, Any], openapi_schema: Json) -> bytes:
        """The document as JSON."""
        paths = {
            path: {method: _completed(said) for method, said in operations.items()}
            for path, operations in openapi_schema["paths"].items()
        }
        others = {"paths": paths, "components": COMPONENTS, "security": [{"bearer": []}]}
        return msgspec.json.encode(openapi_schema | others)


def _completed(operation: Json) -> Json:
    parameters = [
        each | {"schema": _present(each["schema"])} for each in operation.get("parameters", ())
    ]
    return operation | {"parameters": parameters} | OPERATIONS[operation["operationId"]]


def _present(schema: Json) -> Json:
    """A parameter's schema without the null by which Litestar means that it may be left out."""
    kinds = [each for each in schema.get("oneOf", ()) if each != NULL]
    others = {name: value for name, value in schema.items() if name != "oneOf"}
    return others | kinds[0] if kinds else schema


def _of(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _content(schema: Json, *kinds: str) -> Json:
    return {kind: {"schema": schema} for kind in kinds}


def _header(description: str, *, kind: str = "string", required: bool = True) -> Json:
    return {"description": description, "required": required, "schema": {"type": kind}}


def _answer(status: int, content: Json | None = None, **others: Json) -> Json:
    told = {"description": HTTPStatus(status).phrase} | others
    told["headers"] = others.get("headers", {}) | ALWAYS
    return told if content is None else told | {"content": content}


def _operation(*problems: int, answers: dict[int, Json], **others: Any) -> Json:
    refused = {each: {"$ref": f"#/components/responses/{each}"} for each in problems}
    responses = refused | {status: _answer(status, **told) for status, told in answers.items()}
    return {"responses": {str(each): responses[each] for each in sorted(responses)}} | others


def _body(content: Json) -> Json:
    return {"required": True, "content": content}


def _patch_of(name: str) -> Json:
    """The merge patch of a type (RFC 7396): null goes back to a field's default."""
    said = SCHEMAS[name]
    fields = {
        each: schema if each in said["required"] else {"anyOf": [schema, NULL]}
        for each, schema in said["properties"].items()
    }
    # A field that nobody has is removed without effect.
    return {"type": "object", "properties": fields, "additionalProperties": NULL}


SCHEMAS: Final[Json] = msgspec.json.schema_components(
    TYPES, ref_template="#/components/schemas/{name}"
)[1]
USER_PATCH: Final = _patch_of("NewUser")
USER_PATCH["properties"]["preferences"] = {"anyOf": [_patch_of("Wanted"), NULL]}
ALWAYS: Final = {
    "X-Request-Id": _header("The request's id, in our log as well."),
    "Server-Timing": _header("What took the time."),
}
TAG: Final = {"ETag": _header("Changes with the user.")}
RETRY: Final = {"Retry-After": _header("After so many seconds.", kind="integer")}
BESIDE: Final = {
    401: {"WWW-Authenticate": _header("How a caller is known.")},
    **dict.fromkeys((429, 503), RETRY),
}
COMPONENTS: Final[Json] = {
    "schemas": SCHEMAS | {"UserPatch": USER_PATCH},
    "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
    "responses": {
        str(each): _answer(each, _content(_of("Problem"), MEDIA_TYPE), headers=BESIDE.get(each, {}))
        for each in (*SENDER, *NOT_AS_SEEN, 409)
    },
}
SHOWN: Final = {"content": _content(_of("User"), JSON), "headers": TAG}
MADE: Final = SHOWN | {
    "headers": TAG | {"Location": _header("Where the user is.")},
    "links": {
        name: {"operationId": name, "parameters": {"user_id": "$response.body#/id"}}
        for name in (
            *("get_user", "look_at_user", "list_notifications"),
            *("replace_user", "change_user", "remove_user"),
        )
    },
}
TAKEN: Final = {
    "content": _content({"oneOf": [_of("Accepted"), _of("Many")]}, JSON),
    "headers": {"Location": _header("Where one is asked for.", required=False)},
    "links": {
        "status": {
            "operationId": "status",
            "parameters": {"notification_id": "$response.body#/id"},
        }
    },
}
LISTED: Final = {
    "content": _content(_of("Page"), JSON),
    "headers": {"Link": _header("The next page, where there is one.", required=False)},
}
NEWEST: Final = {"content": _content({"type": "array", "items": _of("Notification")}, JSON)}
EACH: Final = {"content": _content(_of("Many"), JSON)}
"""What became of each of many."""
NONE: Final = {
    "content": EACH["content"] | _content(_of("Problem"), MEDIA_TYPE),
    "description": "It cannot be, or not one of many can.",
}
MANY: Final = {"type": "array", "items": _of("NewNotification"), "maxItems": ITEMS_MOST}
SENT: Final = _content({"oneOf": [_of("NewNotification"), MANY | {"minItems": 1}]}, JSON)
LINES: Final = _content({"type": "string", "description": "One on each line."}, NDJSON)
NEW: Final = _body(_content(_of("NewUser"), JSON))
PATCH: Final = _body(_content(_of("UserPatch"), MERGE_PATCH, JSON))
OPERATIONS: Final = {
    "health": _operation(
        *ANYBODY, answers={200: {"content": _content({"type": "object"}, JSON)}}, security=[]
    ),
    "metrics": _operation(
        *ANYBODY,
        answers={200: {"content": _content({"type": "string"}, "text/plain")}},
        security=[],
    ),
    "list_users": _operation(*READER, 422, answers={200: LISTED}),
    "get_user": _operation(*READER, 404, answers={200: SHOWN, 304: {"headers": TAG}}),
    "look_at_user": _operation(
        *READER, 404, answers={200: {"headers": TAG}, 304: {"headers": TAG}}
    ),
    "list_notifications": _operation(*READER, 404, answers={200: NEWEST}),
    "create_user": _operation(*SENDER, 409, answers={201: MADE}, requestBody=NEW),
    "replace_user": _operation(*SENDER, *NOT_AS_SEEN, 409, answers={200: SHOWN}, requestBody=NEW),
    "change_user": _operation(*SENDER, *NOT_AS_SEEN, 409, answers={200: SHOWN}, requestBody=PATCH),
    "remove_user": _operation(*WRITER, *NOT_AS_SEEN, answers={204: {}}),
    "send": _operation(
        *SENDER, answers={202: TAKEN, 207: EACH, 422: NONE}, requestBody=_body(SENT | LINES)
    ),
    "status": _operation(*READER, 404, answers={200: {"content": _content(_of("Status"), JSON)}}),
}
"""By the names of their handlers, which are the operations' ids as well."""
