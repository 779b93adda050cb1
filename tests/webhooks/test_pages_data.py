"""The pages on which people take their data along, or have it deleted."""

import io
from datetime import datetime, timedelta
from zipfile import ZipFile

import pytest
from django.test import Client

from calendars.models import Export, ExportKind, ExportState
from calendars.services import exports
from tenants.acts import Act
from tenants.models import AuditEntry, Membership, User
from tenants.scoping import organization_scope
from tests.calendars.making import make_calendar, make_connection, make_event
from tests.cast import PASSWORD, Cast, signed_in
from tests.webhooks.conftest import Member, queued
from tests.webhooks.test_intake import unreachable_broker
from webhooks import doors

__all__ = ["unreachable_broker"]

MINE, DATA = "/o/acme/my-data/", "/o/acme/settings/data/"


def export_of(cast: Cast) -> Export:
    with organization_scope(cast.acme.pk):
        return Export.objects.of(cast.acme).get()


def make(cast: Cast, now: datetime) -> Export:
    exports.make(organization_id=cast.acme.pk, export_id=export_of(cast).pk, clock=lambda: now)
    return export_of(cast)


def confirmed(user: User) -> Client:
    """A browser whose person has just typed their password again."""
    browser = signed_in(user)
    assert browser.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302
    return browser


# --- taking it along --------------------------------------------------------------------------------------------


def test_a_member_asks_for_their_data_and_downloads_one_file(bob: Member, cast: Cast, now: datetime) -> None:
    make_event(make_calendar(make_connection(cast.acme, cast.bob)), "Standup")
    browser = signed_in(cast.bob)
    assert "1 connection and the copies of 1 event" in browser.get(MINE).content.decode()

    answer = browser.post(MINE + "export/")

    assert (answer.status_code, answer.headers["Location"]) == (302, MINE)
    export = export_of(cast)
    ids = {"organization_id": cast.acme.pk, "export_id": export.pk}
    assert queued() == [("calendars.tasks.make_export", ids)]
    assert "is being made" in browser.get(MINE).content.decode()
    make(cast, now)
    assert f"/o/acme/exports/{export.pk}/" in browser.get(MINE).content.decode()
    file = browser.get(f"/o/acme/exports/{export.pk}/")
    content = b"".join(file.streaming_content)
    assert "Standup" in ZipFile(io.BytesIO(content)).read("calendars/01-calendar.ics").decode()
    assert file.headers["Content-Disposition"] == f'attachment; filename="almanac-acme-my-data-{now:%Y-%m-%d}.zip"'
    assert file.headers["Content-Length"] == str(len(content))
    assert "no-store" in file.headers["Cache-Control"]
    with organization_scope(cast.acme.pk):
        acts = list(AuditEntry.objects.of(cast.acme).order_by("pk").values_list("act", "actor_label"))
    assert acts[1:] == [
        (Act.EXPORT_ASKED, "bob@acme.example"), (Act.EXPORT_READY, ""), (Act.EXPORT_FETCHED, "bob@acme.example")
    ]  # fmt: skip


@pytest.mark.usefixtures("unreachable_broker")
def test_without_a_broker_the_wish_is_kept_and_beat_finds_it(bob: Member, cast: Cast, now: datetime) -> None:
    assert signed_in(cast.bob).post(MINE + "export/").status_code == 302
    assert export_of(cast).state == ExportState.WAITING


def test_a_second_click_is_told_that_one_is_under_way(bob: Member, cast: Cast) -> None:
    browser = signed_in(cast.bob)
    browser.post(MINE + "export/")

    assert "is being made" in browser.post(MINE + "export/", follow=True).content.decode()


def test_nobody_else_gets_the_file_whatever_their_role(bob: Member, cast: Cast, now: datetime) -> None:
    signed_in(cast.bob).post(MINE + "export/")
    address = f"/o/acme/exports/{make(cast, now).pk}/"

    for user in (cast.alice, cast.ada, cast.mallory):
        assert signed_in(user).get(address).status_code == 404
    assert signed_in(cast.mallory).get(address.replace("acme", "globex")).status_code == 404
    with organization_scope(cast.acme.pk):
        Export.objects.of(cast.acme).update(expires_at=now - timedelta(seconds=1))
    assert signed_in(cast.bob).get(address).status_code == 404


def test_an_owner_exports_the_organization_and_an_admin_reads_that_only_owners_do(
    alice: Member, cast: Cast, now: datetime
) -> None:
    assert "Only an owner can do this" in signed_in(cast.ada).get(DATA).content.decode()
    assert signed_in(cast.ada).post(DATA + "export/").status_code == 403
    browser = signed_in(cast.alice)

    assert browser.post(DATA + "export/").headers["Location"] == DATA

    export = make(cast, now)
    assert export.kind == ExportKind.ORGANIZATION
    file = browser.get(f"/o/acme/exports/{export.pk}/")
    assert "people.csv" in ZipFile(io.BytesIO(b"".join(file.streaming_content))).namelist()


# --- having it deleted ------------------------------------------------------------------------------------------


def test_a_member_types_their_address_and_is_out(bob: Member, cast: Cast) -> None:
    browser = signed_in(cast.bob)
    page = browser.get(MINE + "delete/").content.decode()
    assert "What goes" in page
    assert "What stays" in page
    assert page.count("btn-danger") == 1

    answer = browser.post(MINE + "delete/", {"typed": " Bob@ACME.example "})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/home/")
    [(organization_id, erasure_id)] = doors.erasures_under_way()
    ids = {"organization_id": organization_id, "erasure_id": erasure_id, "is_first": True}
    assert queued() == [("webhooks.tasks.erase", ids)]
    assert browser.get("/o/acme/").status_code == 404


@pytest.mark.parametrize("typed", ["", "bob", "alice@acme.example", "x" * 400, "bob@acme.example\x00"])
def test_anything_else_deletes_nothing_and_says_so(bob: Member, cast: Cast, typed: str) -> None:
    answer = signed_in(cast.bob).post(MINE + "delete/", {"typed": typed})

    assert answer.status_code == 422
    assert doors.erasures_under_way() == []


def test_the_only_owner_reads_why_not(alice: Member, cast: Cast) -> None:
    assert "You are the only owner" in signed_in(cast.alice).get(MINE).content.decode()
    answer = signed_in(cast.alice).post(MINE + "delete/", {"typed": "alice@acme.example"})

    assert answer.status_code == 409
    assert "You are the only owner" in answer.content.decode()


def test_an_owner_confirms_that_it_is_them_and_types_the_address_of_the_organization(alice: Member, cast: Cast) -> None:
    asked = signed_in(cast.alice).post(DATA + "delete/", {"typed": "acme"})
    assert asked.headers["Location"].startswith("/accounts/reauthenticate/")
    browser = confirmed(cast.alice)
    assert browser.post(DATA + "delete/", {"typed": "globex"}).status_code == 422
    assert doors.erasures_under_way() == []

    answer = browser.post(DATA + "delete/", {"typed": "acme"})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/o/acme/deletion/")
    assert len(doors.erasures_under_way()) == 1
    assert "is being deleted" in browser.get("/o/acme/", follow=True).content.decode()
    assert browser.post(DATA + "delete/", {"typed": "acme"}).headers["Location"] == "/o/acme/deletion/"


def test_without_a_deletion_under_way_its_page_leads_to_the_data(alice: Member, cast: Cast) -> None:
    assert signed_in(cast.alice).get("/o/acme/deletion/").headers["Location"] == DATA


def test_a_person_deletes_their_account_and_is_signed_out(bob: Member, cast: Cast) -> None:
    assert signed_in(cast.bob).get("/accounts/delete/").headers["Location"].startswith("/accounts/reauthenticate/")
    browser = confirmed(cast.bob)
    assert "<b>Acme</b>" in browser.get("/accounts/delete/").content.decode()
    assert browser.post("/accounts/delete/", {"typed": "no"}).status_code == 422

    answer = browser.post("/accounts/delete/", {"typed": "bob@acme.example"}, follow=True)

    assert "Your account is being deleted" in answer.content.decode()
    assert browser.get("/home/").headers["Location"].startswith("/accounts/login/")
    assert not browser.login(username="bob@acme.example", password=PASSWORD)
    assert len(doors.erasures_under_way()) == 1


def test_an_only_owner_reads_which_organizations_hold_their_account(alice: Member, cast: Cast) -> None:
    answer = confirmed(cast.alice).post("/accounts/delete/", {"typed": "alice@acme.example"})

    assert answer.status_code == 409
    assert "<b>Acme</b>" in answer.content.decode()
    assert User.objects.get(pk=cast.alice.pk).is_active


def test_mallory_gets_404_for_every_page_of_acme(mallory: Member) -> None:
    browser = signed_in(mallory.user)

    for path in (MINE, DATA, MINE + "delete/", DATA + "delete/", "/o/acme/deletion/"):
        assert browser.get(path).status_code == 404
    for path in (MINE + "export/", DATA + "export/", MINE + "delete/", DATA + "delete/"):
        assert browser.post(path).status_code == 404
    with organization_scope(mallory.organization_id):
        assert Membership.objects.of(mallory.organization_id).count() == 1
