"""What can be done with connections."""

from connections.services.standing import (
    ConnectionNotActive,
    disconnect,
    forget_tokens,
    open_graph,
    record_failure,
    record_success,
)

__all__ = [
    "ConnectionNotActive",
    "disconnect",
    "forget_tokens",
    "open_graph",
    "record_failure",
    "record_success",
]
