"""Asking a WSGI application in this process, and taking its whole answer at once."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes


def ask(app: "WSGIApplication", environ: dict[str, Any]) -> Answer:
    """The application writes its own remarks into `environ`, where the caller finds them afterwards."""
    begun: tuple[str, list[tuple[str, str]]] = ("", [])
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> Any:
        nonlocal begun
        begun = (status, headers)
        return written.append

    parts = app(environ, start_response)
    try:
        body = b"".join([*written, *parts])
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()
    code, _, reason = begun[0].partition(" ")
    return Answer(int(code), reason, begun[1], body)
