"""The client that Celery's Redis channel keeps."""

from eureke.pipeline.app import celery_app
from eureke.pipeline.transport import Channel
from eureke.stack.stack import Stack


def test_a_channel_keeps_its_client_until_its_connections_are_let_go(stack: Stack) -> None:
    """After a Redis has been away the pool is a new one, and so is the client."""
    settings = stack.settings
    with celery_app(settings, settings.lane("bulk")).connection() as connection:
        channel = connection.default_channel
        assert isinstance(channel, Channel)
        with channel.conn_or_acquire() as first, channel.conn_or_acquire() as second:
            assert first is second
            assert first.ping()
        channel._disconnect_pools()  # type: ignore[no-untyped-call]
        with channel.conn_or_acquire() as third:
            assert third is not first
            assert third.ping()
