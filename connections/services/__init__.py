"""What can be done with connections."""

from connections.services.outcomes import Connected, ConnectRefused, NoSuchConnection, Outcome, UnknownState
from connections.services.sealing import reseal
from connections.services.sign_in import begin_connect, finish_connect, forget_old_sign_ins, keep_answer
from connections.services.standing import (
    ConnectionNotActive,
    disconnect,
    forget_tokens,
    open_graph,
    pause,
    record_failure,
    record_success,
    resume,
)

__all__ = [
    "ConnectRefused",
    "Connected",
    "ConnectionNotActive",
    "NoSuchConnection",
    "Outcome",
    "UnknownState",
    "begin_connect",
    "disconnect",
    "finish_connect",
    "forget_old_sign_ins",
    "forget_tokens",
    "keep_answer",
    "open_graph",
    "pause",
    "record_failure",
    "record_success",
    "reseal",
    "resume",
]
