"""Ending what closed tabs have left open in the server."""

import redis
from django.conf import settings

from tests.conftest import eventually


def end_streams() -> None:
    """
    Wake every stream until each has noticed that its browser is gone, so that none outlives its database.

    They would notice by themselves with the next sign of life, seconds later.
    """
    client = redis.Redis.from_url(settings.REDIS_URL)

    def none_listens() -> bool:
        channels = client.pubsub_channels("almanac:live:*")
        for channel in channels:
            client.publish(channel, '{"calendar": 0, "version": 0}')
        return not channels

    with client:
        eventually(none_listens)
