"""
`GET /healthz`: whether this installation can do its work, for load balancers and for `make run`.

Everybody may ask, so the answer holds four words at most, and asking often costs nothing: one check serves all
requests of the next seconds.
"""

import threading
import time
from functools import cache

import redis
import structlog
from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError as BrokerError
from redis.backoff import NoBackoff
from redis.retry import Retry

# A good answer may be this old; a bad one is looked at again sooner, since somebody waits for it to become good.
GOOD_FOR_SECONDS = 5.0
BAD_FOR_SECONDS = 0.5
ANSWER_WITHIN_SECONDS = 1.0

log = structlog.get_logger("almanac.health")


@require_safe
@never_cache
def healthz(_: HttpRequest) -> JsonResponse:
    """200 when database, migrations, Redis and a worker are there, else 503 naming what is not."""
    missing = health().missing()
    if missing:
        return JsonResponse({"status": "unavailable", "missing": missing}, status=503)
    return JsonResponse({"status": "ok"})


class Health:
    """The last answer of this process, and when to look again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._missing: list[str] = []
        self._good_until = 0.0

    def missing(self) -> list[str]:
        """Names of what is not there, in the order in which to mend it."""
        with self._lock:
            if time.monotonic() >= self._good_until:
                self._missing = self._look()
                self._good_until = time.monotonic() + (BAD_FOR_SECONDS if self._missing else GOOD_FOR_SECONDS)
            return self._missing

    @staticmethod
    def _look() -> list[str]:
        # What cannot be asked because what it needs is away, is away too.
        missing = []
        if not _database_answers():
            missing += ["database", "migrations"]
        elif _has_unapplied_migrations():
            missing.append("migrations")
        if not _redis_answers():
            missing += ["redis", "worker"]
        elif not _worker_answers():
            missing.append("worker")
        return missing


@cache
def health() -> Health:
    """The one of this process."""
    return Health()


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        log.warning("database_silent", reason=type(error).__name__)
        return False
    return True


def _has_unapplied_migrations() -> bool:
    try:
        executor = MigrationExecutor(connection)
        return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError as error:
        log.warning("migrations_unreadable", reason=type(error).__name__)
        return True


def _redis_answers() -> bool:
    try:
        return bool(_redis().ping())
    except redis.RedisError as error:
        log.warning("redis_silent", reason=type(error).__name__)
        return False


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=ANSWER_WITHIN_SECONDS,
        socket_connect_timeout=ANSWER_WITHIN_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def _worker_answers() -> bool:
    try:
        # The first answer is enough, so with a living worker this takes milliseconds.
        return bool(current_app.control.ping(timeout=ANSWER_WITHIN_SECONDS, limit=1))
    except (BrokerError, redis.RedisError, OSError) as error:
        log.warning("worker_not_asked", reason=type(error).__name__)
        return False
