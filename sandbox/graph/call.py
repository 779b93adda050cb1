"""One call of Graph: who asks, of which mailbox, in which calendar, and how the answer should look."""

import re
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from functools import cached_property
from typing import Any

import orjson
from flask import request

from sandbox.app_access import AppAccess
from sandbox.directory import Group, Person
from sandbox.graph import query, rights
from sandbox.graph.prefer import Preferences
from sandbox.graph.reach import Address, Reach, follow, is_inside
from sandbox.graph.rights import PROFILE, READ, WRITE
from sandbox.identity import Access
from sandbox.items import Calendar, Event
from sandbox.members import DEEPEST, is_too_deep
from sandbox.refusals import Refusal, access_denied, nobody_is_me, unreadable
from sandbox.render import Renderer
from sandbox.sight import Sight
from sandbox.state import Sandbox
from sandbox.world import Mailbox

_WORD = re.compile(r"[a-z]+")

__all__ = ["PROFILE", "READ", "WRITE", "Call", "Place"]


class Place(Enum):
    """Below what the rest of a path stands."""

    SERVICE = "service"
    MAILBOX = "mailbox"
    CALENDAR = "calendar"


@dataclass
class Call:
    """
    `mailbox` and `calendar` are those whose events the call is about. For the copy of a shared calendar
    they are its owner's, and `home` is the mailbox of the path; otherwise the two are the same.
    `parameters` are what the functions of the path were given, by names in lower case.
    """

    sandbox: Sandbox
    access: Access
    prefer: Preferences
    # The words of the path after the version, as they were written; links are built from them.
    words: tuple[str, ...]
    parameters: dict[str, str] = field(default_factory=dict)
    # The words after the mailbox or the calendar, and the ids in them.
    place: Place = Place.SERVICE
    rest: tuple[str, ...] = ()
    path_ids: tuple[str, ...] = ()
    # Whose mailbox; null for what belongs to none, such as subscriptions.
    owner: Person | None = None
    # The group whose calendar it is.
    group: Group | None = None
    calendar_id: str | None = None
    calendar_group_id: str | None = None

    # Rights

    def need(self, scopes: frozenset[str]) -> None:
        """
        Let go on only who may: by the scopes of the token, one of `scopes` being enough, and in calendars
        of others by the role that their owner has given.

        Raises:
            Refusal: it may not, or the path leads nowhere.
        """
        self.need_scope(scopes)
        if self.place is not Place.SERVICE:
            self._need_role(writing=scopes <= WRITE)

    def need_scope(self, scopes: frozenset[str]) -> None:
        """
        The half of `need` that looks at the token only.

        Raises:
            Refusal: the token holds none of `scopes` that means anything here.
        """
        if self.scopes.isdisjoint(scopes):
            # Without the tenant's policies it would do: then it is they who refuse.
            if not self._counting(AppAccess()).isdisjoint(scopes):
                raise Refusal(403, "ErrorAccessDenied", "Access to OData is disabled.")
            raise access_denied()
        if self.group is not None and (self.access.person is None or not self.group.has(self.access.person)):
            # An app by itself cannot get at the calendars of groups, whatever it holds.
            raise access_denied()

    def need_own(self, scopes: frozenset[str]) -> None:
        """
        For what is never shared: like `need_scope`, and the mailbox must be the caller's, or the caller an app.

        Raises:
            Refusal: it may not.
        """
        self.need_scope(scopes)
        if self.stranger is not None:
            raise access_denied()

    def guard(self) -> None:
        """
        What holds wherever a path leads into an event, to its attachments, answers and the like: whoever
        may not read the event gets at none of it.

        Raises:
            Refusal: the caller may not.
        """
        if self.place is Place.CALENDAR and is_inside(self.rest):
            self.need(READ)

    @cached_property
    def scopes(self) -> frozenset[str]:
        """Those of the token that mean anything for this mailbox."""
        return self._counting(self.sandbox.app_access)

    def _counting(self, policies: AppAccess) -> frozenset[str]:
        asked = " ".join((*(word for word in self.rest if word not in self.path_ids), query.option("expand") or ""))
        return rights.counting(
            self.access,
            owner=self.owner,
            of_group=self.group is not None,
            policies=policies,
            asked=frozenset(_WORD.findall(asked.lower())),
        )

    @property
    def stranger(self) -> Person | None:
        """The caller in another person's mailbox; null in one's own, in a group's, and for apps."""
        caller = self.access.person
        if self.group is not None or caller is None or self.owner is None or caller.oid == self.owner.oid:
            return None
        return caller

    def _need_role(self, *, writing: bool) -> None:
        if self.place is Place.MAILBOX:
            if self.stranger is None:
                return
            if writing:
                raise access_denied()
        self.reach.require_read(self.sandbox.sharing)
        if writing:
            self._need_to_write()
        if is_inside(self.rest):
            self.reach.require_inside()

    def _need_to_write(self) -> None:
        if self.rest[:1] and self.rest[0].lower() == "events":
            self.reach.require_write()
        elif self.stranger is not None:
            # The calendar itself and who may use it are its owner's business.
            raise access_denied()

    # Whose, and which

    @property
    def person(self) -> Person:
        """
        Raises:
            Refusal: the path names nobody, and neither does the token.
        """
        if self.owner is None:
            raise nobody_is_me()
        return self.owner

    @property
    def root(self) -> str:
        """Whose resource an answer speaks of, as contexts and addresses in answers begin."""
        return f"groups('{self.group.id}')" if self.group is not None else f"users('{self.person.oid}')"

    def below_root(self, what: str) -> str:
        """How contexts name a list: below whose it is, or by itself where it is nobody's."""
        return what if self.place is Place.SERVICE else f"{self.root}/{what}"

    @cached_property
    def home(self) -> Mailbox:
        """
        The mailbox that the path names.

        Raises:
            Refusal: this person has none.
        """
        found = self.sandbox.world.mailbox(self.person)
        if found is None:
            raise Refusal(404, "MailboxNotEnabledForRESTAPI", "REST API is not yet supported for this mailbox.")
        return found

    @cached_property
    def reach(self) -> Reach:
        """
        What the path leads to.

        Raises:
            Refusal: this person has no mailbox, or an id in the path leads nowhere.
        """
        return follow(
            self.home, Address(self.stranger, self.calendar_id, self.calendar_group_id, self._event_in_path())
        )

    def _event_in_path(self) -> str | None:
        names_one = self.place is Place.CALENDAR and self.path_ids and self.rest[0].lower() == "events"
        return self.path_ids[0] if names_one else None

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The ids of the path, in order, after those of mailbox and calendar; an event's as `mailbox` knows it."""
        if self._event_in_path() is None or self.reach.event_id is None:
            return self.path_ids
        return (self.reach.event_id, *self.path_ids[1:])

    @property
    def mailbox(self) -> Mailbox:
        """
        Raises:
            Refusal: this person has none, or the path leads nowhere.
        """
        return self.reach.mailbox if self.place is Place.CALENDAR else self.home

    @property
    def calendar(self) -> Calendar:
        """The calendar that the path names, or that of its event, or the default one."""
        return self.reach.calendar

    def find(self, text: str) -> tuple[Event, date | None]:
        """
        The event of an id as the caller knows it, and the day of the slot if it is an instance's.

        Raises:
            Refusal: the id is malformed, or nothing has it.
        """
        copy = self.reach.copy
        return self.mailbox.find(text if copy is None else copy.owners_id(self.home.ids, text))

    def calendar_id_of(self, event: Event) -> str:
        """The id, as the caller knows it, of the calendar in which an event is."""
        copy = self.reach.copy
        return copy.id if copy is not None else self.mailbox.calendars[event.calendar].id

    # The answer

    @property
    def sight(self) -> Sight:
        """How much of events the caller is shown."""
        return self.reach.sight(body=not rights.are_basic(self.scopes))

    @property
    def renderer(self) -> Renderer:
        return Renderer(self.reach.ids, self.prefer.form, self.sight)

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
        if is_too_deep(body):
            raise unreadable(f"The payload is nested deeper than {DEEPEST} levels.")
        return body
