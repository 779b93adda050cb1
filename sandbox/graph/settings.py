"""`mailboxSettings`: what a person has set for the whole mailbox, all of it or one member, and changing it."""

from typing import Any

from flask import Response

from sandbox import settings
from sandbox.graph import query
from sandbox.graph.call import Call
from sandbox.graph.envelope import answer, context
from sandbox.graph.routing import Handler, mailbox
from sandbox.ids import Kind

READ_SETTINGS = frozenset({"MailboxSettings.Read", "MailboxSettings.ReadWrite"})
WRITE_SETTINGS = frozenset({"MailboxSettings.ReadWrite"})
MEMBERS = (
    "archiveFolder", "automaticRepliesSetting", "dateFormat", "delegateMeetingMessageDeliveryOptions", "language",
    "timeFormat", "timeZone", "userPurpose", "workingHours",
)  # fmt: skip
# No calendar ever has this number: the folder is one of mail.
_ARCHIVE = 0


@mailbox.route("GET", "mailboxSettings")
def show_settings(call: Call) -> Response:
    call.need_own(READ_SETTINGS)
    return answer(_entity(call, query.narrow(_shown(call), query.selected())))


@mailbox.route("PATCH", "mailboxSettings")
def update_settings(call: Call) -> Response:
    """Answers with what was changed, and nothing else."""
    call.need_own(WRITE_SETTINGS)
    call.mailbox.settings, names = settings.read(call.mailbox.settings, call.body())
    everything = _shown(call)
    return answer(_entity(call, {name: everything[name] for name in names}))


def _member(name: str) -> Handler:
    def show_member(call: Call) -> Response:
        call.need_own(READ_SETTINGS)
        value = _shown(call)[name]
        head = {"@odata.context": context(f"users('{call.person.oid}')/mailboxSettings/{name}")}
        return answer(head | (value if isinstance(value, dict) else {"value": value}))

    return show_member


for _name in MEMBERS:
    mailbox.route("GET", f"mailboxSettings/{_name}")(_member(_name))


def _shown(call: Call) -> dict[str, Any]:
    mine = settings.shown(call.mailbox.settings, now=call.sandbox.clock.now(), zone=call.prefer.form.zone)
    return {
        "archiveFolder": call.mailbox.ids.plain(Kind.CALENDAR, _ARCHIVE),
        **mine,
        "userPurpose": call.person.purpose,
    }


def _entity(call: Call, shown: dict[str, Any]) -> dict[str, Any]:
    return {"@odata.context": context(f"users('{call.person.oid}')/mailboxSettings"), **shown}
