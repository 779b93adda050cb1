"""What can be done with connections."""

from connections.services.accounts import (
    Added,
    NoSuchIdentity,
    NotRecognized,
    OnlyWayIn,
    Recognized,
    Unrecognized,
    add_identity,
    begin_recognition,
    finish_recognition,
    forget_old_recognitions,
    is_account_answer,
    keep_account_answer,
    remove_identity,
)
from connections.services.outcomes import Connected, ConnectRefused, NoSuchConnection, Outcome, UnknownState
from connections.services.policy import apply_who_may_connect
from connections.services.restoring import restore, settle_doubt
from connections.services.sealing import reseal
from connections.services.sign_in import (
    begin_connect,
    finish_connect,
    forget_old_sign_ins,
    forget_sign_ins_of,
    keep_answer,
)
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
    "Added",
    "ConnectRefused",
    "Connected",
    "ConnectionNotActive",
    "NoSuchConnection",
    "NoSuchIdentity",
    "NotRecognized",
    "OnlyWayIn",
    "Outcome",
    "Recognized",
    "UnknownState",
    "Unrecognized",
    "add_identity",
    "apply_who_may_connect",
    "begin_connect",
    "begin_recognition",
    "disconnect",
    "finish_connect",
    "finish_recognition",
    "forget_old_recognitions",
    "forget_old_sign_ins",
    "forget_sign_ins_of",
    "forget_tokens",
    "is_account_answer",
    "keep_account_answer",
    "keep_answer",
    "open_graph",
    "pause",
    "record_failure",
    "record_success",
    "remove_identity",
    "reseal",
    "restore",
    "resume",
    "settle_doubt",
]
