"""
Logs: an allow-list of fields, one line each; text for people in development, JSON in production.

A log is read by more people than a database. So a field that is not named here does not get in, a path is logged by
its route's name (paths carry slugs and, on some pages, tokens), and what looks like a token is cut from tracebacks.
"""

import logging
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from structlog.typing import EventDict, Processor, WrappedLogger

FIELDS = frozenset(
    {
        "event", "level", "timestamp", "logger", "exception", "exc_info", "request_id", "method", "route", "status",
        "ms", "user", "organization", "connection", "calendar", "task", "code", "reason", "graph_request_id", "count",
        "pages", "stored", "removed", "skipped", "round", "attempt", "items", "forged", "mail",
    }
)  # fmt: skip

# Asked every few seconds by machines; what is wrong is logged by the check itself.
QUIET_ROUTES = frozenset({"healthz"})

# Three base64url parts with dots (a JWT), Microsoft's opaque tokens and codes, secrets in query strings, links that are
# keys, and the lines in which PostgreSQL quotes the row that it refuses.
_SECRETS = re.compile(
    r"eyJ[\w-]+\.[\w-]+\.?[\w-]*|\b[01]\.A[\w.-]{40,}|\bM\.C[\w.!*-]{20,}"
    r"|(?<![\w$])(?:code|state|client_secret|refresh_token|access_token|id_token|code_verifier|\$?skiptoken"
    r"|\$?deltatoken)=[^&\s'\"]+|(?<=/invite/)[\w%.~-]+|(?<=/approve/)[\w%.~-]+|^(?:DETAIL|CONTEXT): .*$",
    re.IGNORECASE | re.MULTILINE,
)


def cut_secrets(text: str) -> str:
    """The text without what looks like a token or a secret."""
    return _SECRETS.sub("[cut]", text)


def _only_known_fields(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {key: value for key, value in event.items() if key in FIELDS or key.startswith("_")}


def _cut_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for key in ("event", "exception"):
        if isinstance(event.get(key), str):
            event[key] = cut_secrets(event[key])
    return event


def _name_routes(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Django's own records quote the path; its route says as much and gives nothing away."""
    record = event.get("_record")
    request = getattr(record, "request", None)
    if isinstance(request, HttpRequest):
        event["event"] = f"{getattr(record, 'status_code', 'error')} for {request.method} {route_of(request)}"
    return event


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """A filter: not Django's own line about an address that machines ask all the time."""
    request = getattr(record, "request", None)
    return not isinstance(request, HttpRequest) or route_of(request) not in QUIET_ROUTES


def route_of(request: HttpRequest) -> str:
    """The pattern that a request matched, such as `o/<slug:slug>/calendar/`; never the path itself."""
    match = request.resolver_match
    return match.route if match else "no route"


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
]


def configure() -> None:
    """structlog's loggers write through the standard library's handlers."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def configuration(*, level: str, console: bool) -> dict[str, Any]:
    """Django's LOGGING: one handler on standard error, lines for people when `console`, else JSON."""
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback)
        if console
        else structlog.processors.JSONRenderer()
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*_SHARED, structlog.stdlib.add_logger_name],
                "processors": [
                    structlog.processors.TimeStamper(fmt="%H:%M:%S" if console else "iso", utc=not console),
                    _name_routes,
                    structlog.processors.format_exc_info,
                    _only_known_fields,
                    _cut_secrets,
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    renderer,
                ],
            }
        },
        "filters": {"worth": {"()": lambda: _is_worth_a_line}},
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "lines", "filters": ["worth"]}},
        "root": {"handlers": ["lines"], "level": level},
        "loggers": {
            # Django adds its own handlers to these two; everything goes through ours.
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            # Whoever knocks with a made-up Host gets a 400 and one line of ours; it is no error that wakes somebody.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            # At DEBUG, msal writes authorization codes and verifiers, urllib3 paths with tokens.
            "msal": {"level": "INFO"},
            "urllib3": {"level": "INFO"},
            "celery": {"level": "INFO"},
            # A line per task started and ended says nothing that our own lines do not.
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
        },
    }


def _user_of(request: HttpRequest) -> int | None:
    """The id of whoever is signed in; None also where the database cannot say, because it is what failed."""
    try:
        return getattr(getattr(request, "user", None), "pk", None)
    except DatabaseError:
        return None


class RequestLogMiddleware:
    """One line for each request: route, status, how long, who (by id); quiet about static files."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = uuid.uuid4().hex[:16]
        began = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            logging_level = logging.WARNING if response.status_code >= 500 else logging.INFO
            if route_of(request) in QUIET_ROUTES:
                logging_level = logging.DEBUG
            structlog.get_logger("almanac.request").log(
                logging_level,
                "request",
                method=request.method,
                route=route_of(request),
                status=int(response.status_code),
                ms=round((time.perf_counter() - began) * 1000),
                user=_user_of(request),
            )
        if isinstance(response, HttpResponse):
            response.headers.setdefault("X-Request-Id", request_id)
        return response
