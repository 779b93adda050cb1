"""Asking for every address, by GET and by POST, as everybody; once for all rules that look at the answers."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.core.signals import request_finished
from django.db import close_old_connections, transaction
from django.http.response import HttpResponseBase
from django.test import Client

from tests.cast import signed_in
from tests.rules import walk
from tests.rules.world import Belongings, World

ROLES = ("anonymous", "stranger", "member", "admin", "owner", "staff")


@dataclass(frozen=True)
class Visit:
    """What somebody got."""

    address: walk.Address
    path: str
    method: str
    role: str
    status: int
    headers: dict[str, str]
    content: str

    @property
    def outcome(self) -> str:
        """The status, or `sign-in` for being sent there."""
        return "sign-in" if self.headers.get("Location", "").startswith("/accounts/login/?next=") else str(self.status)

    @property
    def is_page(self) -> bool:
        return self.headers.get("Content-Type", "").startswith("text/html")

    def __repr__(self) -> str:
        return f"{self.method} {self.path} as {self.role}: {self.outcome}"


def visit_all(world: World) -> Iterator[Visit]:
    """Every address by GET and by POST as everybody. What a request changed is taken back before the next."""
    cast = world.cast
    people = dict(zip(ROLES, (None, cast.mallory, cast.bob, cast.ada, cast.alice, cast.support), strict=True))
    # Signed in once; each visit then comes with the session of its person and nothing else.
    sessions = {role: signed_in(user).cookies.get(settings.SESSION_COOKIE_NAME) for role, user in people.items()}
    for address in walk.addresses():
        for method in ("GET", "POST"):
            for role, session in sessions.items():
                yield visit(address, path_to(address, world), method, role, session.value if session else "")


def visit(address: walk.Address, path: str, method: str, role: str, session: str) -> Visit:
    client = Client(raise_request_exception=False)
    if session:
        client.cookies[settings.SESSION_COOKIE_NAME] = session
    before = transaction.savepoint()
    response: HttpResponseBase = client.generic(method, path)
    content = "" if response.streaming else response.content.decode("utf-8", "replace")
    if response.streaming:
        _close(response)
    transaction.savepoint_rollback(before)
    return Visit(address, path, method, role, response.status_code, dict(response.items()), content)


def _close(response: HttpResponseBase) -> None:
    """End a stream that nobody reads, without the signal by which a request gives up its connection."""
    request_finished.disconnect(close_old_connections)
    try:
        response.close()
    finally:
        request_finished.connect(close_old_connections)


def path_to(address: walk.Address, world: World) -> str:
    """The address with what belongs to Bob in its places; in the admin, rows that exist."""
    return address.path(
        slug="acme",
        pk=row_of(address, world.bobs),
        object_id=_object_of_admin(address, world),
        app_label="tenants",
        url="no-such-page/",
        key="made-up",
        uidb36="1",
        kind="password-reset-key",
        token="made-up",
    )


def row_of(address: walk.Address, belongings: Belongings) -> int:
    """The row among these that the address is about: `<pk>` says what is before it."""
    before = address.route.partition("<pk>")[0].rstrip("/").rpartition("/")[2]
    kinds = {
        "connections": belongings.connection,
        # In the Django admin.
        "connection": belongings.connection,
        "events": belongings.event,
        "people": belongings.member,
        "invitations": belongings.invitation,
        "tenants": belongings.tenant,
        "exports": belongings.export,
        "ask": belongings.approval,
    }
    return kinds.get(before, 0)


def _object_of_admin(address: walk.Address, world: World) -> int:
    """A row of the kind that the address is about: `/admin/<app>/<kind>/<object_id>/…`."""
    if "<object_id>" not in address.route:
        return 0
    return world.rows[address.route.split("/")[3]]
