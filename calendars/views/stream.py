"""Server-sent events: open calendar pages hear at once that something changed."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from functools import partial
from importlib import import_module

import orjson
from django.conf import settings
from django.contrib.auth import get_user
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from calendars import live
from tenants.decorators import MemberRequest, member_required, outside_scope
from tenants.doors import standing
from tenants.models import Membership
from tenants.policies import Action
from tenants.scoping import let_database_go, organization_scope
from tenants.second_step import has_taken_second_step

# Whoever has signed out, or left the organization, hears nothing more after half a minute: this many seconds, and what
# is left until the next sign of life.
ASK_AGAIN_AFTER = 20.0
# Then the browser asks for a new one: no stream lives for ever, and a restart drops few at once.
LASTS = 600.0
# Each open stream holds one of a process's 16 threads; pages must find some free. Who gets no place polls.
MOST_STREAMS = 8
# So that nobody's open pages take them all from everybody else.
MOST_STREAMS_EACH = 4


class Places:
    """How many streams this process holds open, and for whom."""

    def __init__(self) -> None:
        self._taken: Counter[int] = Counter()
        self._lock = threading.Lock()

    def take(self, user_id: int) -> bool:
        """Whether there was a place for this person; it is theirs until they give it back."""
        with self._lock:
            if self._taken.total() >= MOST_STREAMS or self._taken[user_id] >= MOST_STREAMS_EACH:
                return False
            self._taken[user_id] += 1
            return True

    def give_back(self, user_id: int) -> None:
        with self._lock:
            # What is left at zero is dropped: people come and go for as long as the process lives.
            self._taken = +(self._taken - Counter([user_id]))


_places = Places()


@require_GET
@outside_scope
@member_required(Action.SEE_OWN_CALENDAR)
def stream(request: MemberRequest) -> HttpResponseBase:
    """
    `listening` once nothing is missed any more, then `change` whenever one of the viewer's calendars has changed, with
    its id and version; 503 when all places are taken, or all that one person may take.
    """
    if not _places.take(request.user.pk):
        return HttpResponse(
            "All places are taken.", status=503, content_type="text/plain", headers={"Retry-After": "15"}
        )
    listener = Listener(
        session_key=request.session.session_key or "",
        user_id=request.user.pk,
        slug=request.organization.slug,
        member_id=request.membership.pk,
        free=partial(_places.give_back, request.user.pk),
    )
    response = StreamingHttpResponse(listener, content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    # A proxy that collects the answer before it passes it on would make it useless.
    response.headers["X-Accel-Buffering"] = "no"
    return response


class Listener:
    """
    The body of one stream: iterated by the web server, closed by it when the browser has gone.

    `free` is called once, at the end. Times are in seconds.
    """

    def __init__(
        self,
        *,
        session_key: str,
        user_id: int,
        slug: str,
        member_id: int,
        free: Callable[[], None],
        ask_again_after: float = ASK_AGAIN_AFTER,
        lasts: float = LASTS,
    ) -> None:
        self.session_key = session_key
        self.user_id = user_id
        self.slug = slug
        self.member_id = member_id
        self.ask_again_after = ask_again_after
        self.lasts = lasts
        self._free: Callable[[], None] | None = free
        self._parts = self._write()

    def __iter__(self) -> Iterator[bytes]:
        return self._parts

    def close(self) -> None:
        """Stop listening and give the place back; harmless when done twice."""
        try:
            self._parts.close()
        finally:
            free, self._free = self._free, None
            if free is not None:
                free()

    def _write(self) -> Generator[bytes]:
        began = asked = time.monotonic()
        let_database_go()
        greeting = b"retry: 3000\nevent: listening\ndata: {}\n\n"
        with closing(live.listen(self.member_id)) as messages:
            for message in messages:
                now = time.monotonic()
                if now - asked > self.ask_again_after:
                    try:
                        may_listen = self._may_listen()
                    except DatabaseError:
                        return  # nobody can say; the browser comes back and asks anew
                    if not may_listen:
                        yield b"event: over\ndata: {}\n\n"
                        return
                    asked = now
                if message is not None:
                    yield b"event: change\ndata: " + orjson.dumps(message) + b"\n\n"
                else:
                    yield greeting or b": still here\n\n"
                    greeting = b""
                if now - began > self.lasts:
                    return

    def _may_listen(self) -> bool:
        """Whether the person and this session may still see pages of the organization."""
        try:
            request = HttpRequest()
            request.session = import_module(settings.SESSION_ENGINE).SessionStore(self.session_key)
            user = get_user(request)  # also compares the password's fingerprint
            if not user.is_authenticated or user.pk != self.user_id:
                return False
            place = standing(user_id=self.user_id, slug=self.slug)
            if place is None or place.membership_id != self.member_id:
                return False
            with organization_scope(place.organization_id):
                members = Membership.objects.of(place.organization_id).select_related("organization")
                member = members.filter(pk=self.member_id).first()
            if member is None:
                return False
            # It may have begun to ask for a second step while this stream was open.
            request.user = user
            return not member.organization.requires_second_factor or has_taken_second_step(request)
        finally:
            let_database_go()
