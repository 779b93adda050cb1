"""Who shares with whom, and apps that call as themselves, for tests of what may be reached."""

from sandbox.directory import CONTOSO_ID
from tests.sandbox.graph_side import ALICE, BOB, JSON, Graph, StandIn

NORA = "nora.lind@northwind.example"
TASKFORCE = "96000000-b60d-48b8-b9c9-c8daf637a001"
TASKFORCE_MAIL = "hr.taskforce@contoso.example"

SHARED_READ = ("Calendars.Read.Shared", "User.Read")
SHARED_WRITE = ("Calendars.ReadWrite.Shared", "User.Read")
WINDOW = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z"
DENIED = (403, "ErrorAccessDenied")
NOT_FOUND = (404, "ErrorItemNotFound")
MALFORMED = (400, "ErrorInvalidIdMalformed")
INVALID = (400, "ErrorInvalidRequest")
UNREADABLE = (400, "RequestBodyRead")


def app(stand_in: StandIn, *roles: str, tenant_id: str = CONTOSO_ID) -> Graph:
    """An app that calls as itself."""
    return Graph(stand_in, stand_in.sandbox.identity.issue_access_token(None, roles, tenant_id=tenant_id))


def share(
    stand_in: StandIn, role: str, *, person: str = BOB, mailbox: str = ALICE, calendar: str | None = None
) -> str | None:
    """Give somebody a role, and say which id the calendar has in the mailbox of that person."""
    answer = stand_in.door("sharing", do="share", mailbox=mailbox, calendar=calendar, person=person, role=role)
    found: str | None = next(each["copy"] for each in answer["permissions"] if each["address"] == person)
    return found


def copy_of(stand_in: StandIn, role: str, *, calendar: str | None = None) -> str:
    """Alice shares with Bob; the path of the calendar in his mailbox."""
    copy = share(stand_in, role, calendar=calendar)
    assert copy is not None
    return f"/me/calendars/{copy}"


def subjects(items: list[JSON]) -> list[str]:
    return [each["subject"] for each in items]
