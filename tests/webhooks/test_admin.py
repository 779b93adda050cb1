"""What support staff see of Graph's calls: states and counts; nothing that could be used or read."""

from datetime import datetime

import pytest
from django.test import Client

from tests.cast import Cast, signed_in
from tests.webhooks.conftest import Member, Post, connect, item, listening, some_mailbox, subscription_of
from webhooks.doors import Mailbox


@pytest.fixture
def support(transactional_db: None, cast: Cast) -> Client:
    return signed_in(cast.support)


@pytest.fixture
def mailbox(alice: Member, now: datetime, post: Post) -> Mailbox:
    """A mailbox that Graph has called about."""
    mailbox = some_mailbox()
    graph_id = listening(mailbox, connect(alice, mailbox, now=now), now=now)
    post(item(graph_id, mailbox))
    return mailbox


PAGES = ["subscription", "delivery"]


@pytest.mark.parametrize("page", PAGES)
def test_support_staff_list_search_and_open_them(support: Client, mailbox: Mailbox, page: str) -> None:
    for query in ("", "?q=1", f"?q={mailbox.oid}", "?o=2"):
        answer = support.get(f"/admin/webhooks/{page}/{query}")

        assert answer.status_code == 200, query


def test_a_subscription_is_found_by_its_mailbox_and_shows_no_client_state(support: Client, mailbox: Mailbox) -> None:
    row = subscription_of(mailbox)
    assert row is not None

    found = support.get(f"/admin/webhooks/subscription/?q={mailbox.oid}").content.decode()
    opened = support.get(f"/admin/webhooks/subscription/{row.pk}/change/").content.decode()

    assert str(mailbox.oid) in found
    assert str(row.graph_id) in opened
    for page in (found, opened):
        assert row.client_state_digest not in page
        assert "client" not in page.lower().replace("client-side", "")


@pytest.mark.parametrize("state", ["active", "gone", "pending", "dropping"])
def test_subscriptions_are_filtered_by_state(support: Client, mailbox: Mailbox, state: str) -> None:
    page = support.get(f"/admin/webhooks/subscription/?state__exact={state}").content.decode()

    assert (str(mailbox.oid) in page) is (state == "active")


def test_deliveries_are_counts(support: Client, alice: Member, mailbox: Mailbox) -> None:
    page = support.get(f"/admin/webhooks/delivery/?q={alice.organization_id}").content.decode()

    assert "marked" in page
    assert "AAMk" not in page


@pytest.mark.parametrize("page", PAGES)
def test_nobody_adds_or_deletes_them_there(support: Client, mailbox: Mailbox, page: str) -> None:
    row = subscription_of(mailbox)
    assert row is not None
    assert support.post(f"/admin/webhooks/{page}/add/").status_code in {403, 404}
    assert support.post(f"/admin/webhooks/{page}/{row.pk}/delete/").status_code in {403, 404}
    assert subscription_of(mailbox) is not None


@pytest.mark.parametrize("page", PAGES)
def test_members_and_owners_get_404(alice: Member, mallory: Member, page: str) -> None:
    for somebody in (alice, mallory):
        assert signed_in(somebody.user).get(f"/admin/webhooks/{page}/").status_code == 404
