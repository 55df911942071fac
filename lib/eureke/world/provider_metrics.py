"""What the provider tells Prometheus: once a request."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web
from prometheus_client import Counter, Gauge

from eureke.exposed import NOBODY
from eureke.notification import CHANNELS

REQUESTS: Final = Counter(
    "eureke_provider_requests", "Requests by the status answered", ["channel", "status"]
)
IN_PROGRESS: Final = Gauge("eureke_provider_requests_in_progress", "Requests without an answer yet")
ITEMS: Final = Counter(
    "eureke_provider_items", "Notifications by what became of them", ["channel", "result"]
)
RESET: Final = "reset"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Counts a request, whatever becomes of it."""
    status = "500"
    try:
        with IN_PROGRESS.track_inprogress():
            response = await handler(request)
        status = str(response.status)
        return response
    except web.HTTPException as error:
        status = str(error.status)
        raise
    finally:
        channel = request.match_info.get("channel")
        cut = request.transport is None or request.transport.is_closing()
        REQUESTS.labels(channel if channel in CHANNELS else NOBODY, RESET if cut else status).inc()


def took(channel: str, results: Mapping[str, int]) -> None:
    """Counts the notifications of one request by what became of them."""
    for result, count in results.items():
        ITEMS.labels(channel, result).inc(count)
