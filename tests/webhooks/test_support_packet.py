"""The support packet: made after a whole journey, it holds states, and nothing that is anybody's."""

import re
from datetime import datetime, timedelta

import pytest

from connections.models import Secret
from tenants.scoping import organization_scope
from tests.cast import Cast, signed_in
from tests.sandbox_client import SandboxClient
from tests.webhooks.conftest import Member, connect, some_mailbox
from tests.webhooks.mailboxes import ALICE, connect_for_real, connection_of, mailbox_of
from tests.webhooks.support_desk import desk, page_of, press, work_off
from webhooks.doors import Speaker
from webhooks.presentation.packet import masked
from webhooks.services.subscriptions import reconcile
from webhooks.services.supporting import Deed


def packet_of(cast: Cast, speaker: Speaker) -> tuple[str, dict]:
    answer = desk(cast).get(f"/admin/connections/connection/{speaker.connection_id}/packet/")
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == f'attachment; filename="almanac-connection-{speaker.connection_id}.json"'
    return answer.content.decode(), answer.json()


@pytest.mark.usefixtures("live_server")
def test_after_a_whole_journey_it_holds_no_address_no_subject_and_no_token(
    cast: Cast, alice: Member, sandbox: SandboxClient, now: datetime
) -> None:
    speaker = connect_for_real(alice, ALICE, now=now)
    reconcile(mailbox=mailbox_of(speaker), now=now)
    start = now + timedelta(days=2)
    times = {"start": start, "end": start + timedelta(hours=1)}
    sandbox.edit(ALICE, "create", event={
        "subject": "Hush merger",
        "location": {"displayName": "Hush room"},
        "attendees": [{"emailAddress": {"address": "hush@contoso.example", "name": "Hush"}, "type": "required"}],
        **{name: {"dateTime": at.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"} for name, at in times.items()},
    })  # fmt: skip
    press(cast, speaker, Deed.FULL_ROUND, "Hush reason, for bob@acme.example")
    press(cast, speaker, Deed.PAUSE)
    press(cast, speaker, Deed.RESUME)
    press(cast, speaker, Deed.RESUBSCRIBE)
    work_off()
    press(cast, speaker, Deed.SYNC)
    work_off()

    text, packet = packet_of(cast, speaker)

    assert packet["connection"]["id"] == speaker.connection_id
    assert packet["connection"]["mailbox"] == "a…@contoso.example"
    assert packet["subscription"]["graph_id"] == sandbox.subscriptions()[0]["id"]
    assert packet["calendars"][0]["events"] > 0
    assert [act["act"] for act in packet["acts"]] == [
        "support.synced", "support.resubscribed", "support.resumed", "support.paused", "support.full-round",
        "connection.made",
    ]  # fmt: skip
    assert re.findall(r"[\w.+-]+@[\w.-]+", text) == []
    assert "hush" not in text.lower()
    assert connection_of(speaker).display_name not in text
    with organization_scope(speaker.organization_id):
        secret = Secret.objects.of(speaker.organization_id).get(connection_id=speaker.connection_id)
    for hidden in (secret.home_account_id, bytes(secret.sealed_cache).hex(), "eyJ", 'token":', "client_state"):
        assert hidden not in text


def test_the_page_shows_the_same_packet_to_copy(cast: Cast, alice: Member, now: datetime) -> None:
    speaker = connect(alice, some_mailbox(), now=now)
    _, packet = packet_of(cast, speaker)

    page = desk(cast).get(page_of(speaker)).content.decode()

    shown = re.search(r"<textarea[^>]*readonly[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert shown is not None
    assert str(packet["connection"]["microsoft_object_id"]) in shown[1]
    assert packet["versions"].keys() == {"almanac", "django", "python"}


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("alice.moreau@contoso.example", "a…@contoso.example"),
        ("@contoso.example", "…@contoso.example"),
        ("no address", ""),
        ("", ""),
    ],
)
def test_an_address_is_masked(address: str, shown: str) -> None:
    assert masked(address) == shown


def test_it_is_for_staff_alone_and_of_a_connection_that_is_there(cast: Cast, alice: Member, now: datetime) -> None:
    speaker = connect(alice, some_mailbox(), now=now)
    address = f"/admin/connections/connection/{speaker.connection_id}/packet/"

    assert signed_in(alice.user).get(address).status_code == 404
    assert desk(cast).get("/admin/connections/connection/999999/packet/").status_code == 404
    assert desk(cast).post(address).status_code == 405
