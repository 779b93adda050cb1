"""Microsoft Graph over HTTP: a client that knows the wire and no path, and the errors it raises."""

from connections.graph.batch import MOST_PARTS, Part, PartAnswer
from connections.graph.client import GraphClient, Tokens
from connections.graph.errors import (
    ApprovalRequired,
    BadRequest,
    Conflict,
    Gone,
    GraphError,
    Misconfigured,
    NotFound,
    ReadOnly,
    ReconnectRequired,
    Refused,
    Throttled,
    Unavailable,
)
from connections.graph.wire import UntrustedLink

__all__ = [
    "MOST_PARTS",
    "ApprovalRequired",
    "BadRequest",
    "Conflict",
    "Gone",
    "GraphClient",
    "GraphError",
    "Misconfigured",
    "NotFound",
    "Part",
    "PartAnswer",
    "ReadOnly",
    "ReconnectRequired",
    "Refused",
    "Throttled",
    "Tokens",
    "Unavailable",
    "UntrustedLink",
]
