"""
Telling open pages that something changed, by Redis: "calendar 7 is at version 12 now", and nothing of what is in it.

A hint like Microsoft's own notifications: who misses one sees the change at the next reload.
"""

import json
from collections.abc import Generator
from functools import cache
from typing import Any

import redis
import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

# Shorter than what proxies and browsers allow a silent stream.
HEARTBEAT_SECONDS = 15.0


def publish(*, member_id: int, calendar_id: int, version: int) -> None:
    """
    Tell the member's open pages that a calendar's stored events are at this version now.

    Call it after the commit: a page that asks at once must find what it was told of. Without Redis nothing happens:
    what is stored is stored.
    """
    message = json.dumps({"calendar": calendar_id, "version": version})
    try:
        _client().publish(_channel(member_id), message)
    except redis.RedisError as error:
        log.warning("open_pages_not_told", calendar=calendar_id, reason=type(error).__name__)


def listen(member_id: int) -> Generator[dict[str, Any] | None, None, None]:
    """
    Messages for one member's pages as they come: `{"calendar": id, "version": number}`.

    The first value is None as soon as Redis listens for us: what is published from then on is not missed. Then a None
    at least every 15 seconds, so that the caller can send a sign of life and notice that nobody is there any more.
    Ends when Redis goes away; browsers come back by themselves. Close the iterator to stop listening.
    """
    with _client().pubsub() as channel:  # type: ignore[no-untyped-call]  # redis-py's one untyped method
        try:
            channel.subscribe(_channel(member_id))
            while True:
                message = channel.get_message(timeout=HEARTBEAT_SECONDS)
                if message is None or message["type"] == "subscribe":
                    yield None
                elif message["type"] == "message":
                    yield json.loads(message["data"])
        except redis.RedisError as error:  # a time-out is no ConnectionError
            log.warning("listening_for_changes_ended", reason=type(error).__name__)


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, health_check_interval=30)


def _channel(member_id: int) -> str:
    return f"almanac:live:{member_id}"
