"""One call of Graph: who asks, of which mailbox, in which calendar, and how the answer should look."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import orjson
from flask import request

from sandbox.directory import Person
from sandbox.graph.prefer import Preferences
from sandbox.identity import Access
from sandbox.items import Calendar
from sandbox.refusals import Refusal, access_denied, unreadable
from sandbox.render import Renderer
from sandbox.state import Sandbox
from sandbox.world import Mailbox

READ = frozenset(
    {
        "Calendars.Read",
        "Calendars.ReadWrite",
        "Calendars.ReadBasic",
        "Calendars.Read.Shared",
        "Calendars.ReadWrite.Shared",
    }
)
WRITE = frozenset({"Calendars.ReadWrite", "Calendars.ReadWrite.Shared"})
PROFILE = READ | {"User.Read", "User.ReadBasic.All", "User.Read.All", "User.ReadWrite"}


@dataclass
class Call:
    """
    `ids` are the ids of the path, in order, after those of mailbox and calendar; `parameters` what
    its functions were given, by names in lower case.
    """

    sandbox: Sandbox
    access: Access
    prefer: Preferences
    # The words of the path after the version, as they were written; links are built from them.
    words: tuple[str, ...]
    ids: tuple[str, ...] = ()
    parameters: dict[str, str] = field(default_factory=dict)
    # Whose mailbox; null for what belongs to none, such as subscriptions.
    owner: Person | None = None
    calendar_id: str | None = None

    def need(self, scopes: frozenset[str]) -> None:
        """
        Raises:
            Refusal: the token holds none of `scopes`.
        """
        if not self.access.scopes & scopes:
            raise access_denied()

    @property
    def person(self) -> Person:
        """
        Raises:
            Refusal: the path names nobody, and neither does the token.
        """
        if self.owner is None:
            raise Refusal(400, "BadRequest", "/me request is only valid with delegated authentication flow.")
        return self.owner

    @cached_property
    def mailbox(self) -> Mailbox:
        """
        Raises:
            Refusal: this person has none.
        """
        found = self.sandbox.world.mailbox(self.person)
        if found is None:
            raise Refusal(404, "MailboxNotEnabledForRESTAPI", "REST API is not yet supported for this mailbox.")
        return found

    @cached_property
    def calendar(self) -> Calendar:
        """The calendar that the path names, or the default one."""
        if self.calendar_id is None:
            return self.mailbox.default_calendar
        return self.mailbox.calendar(self.calendar_id)

    @property
    def renderer(self) -> Renderer:
        return Renderer(self.mailbox.ids, self.prefer.form)

    def body(self) -> dict[str, Any]:
        """
        The JSON object that was sent; an absent body is an empty object.

        Raises:
            Refusal: it is something else.
        """
        sent = request.get_data()
        if not sent.strip():
            return {}
        try:
            body = orjson.loads(sent)
        except orjson.JSONDecodeError as error:
            raise Refusal(400, "BadRequest", "Unable to read JSON request payload.") from error
        if not isinstance(body, dict):
            raise unreadable("An object was expected.")
        return body
