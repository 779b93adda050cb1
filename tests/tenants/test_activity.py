"""The activity page: the audit log in sentences, with filters, and as a file."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils.html import escape

from tenants.acts import KINDS, Act, acts_of
from tenants.models import AuditEntry, Membership
from tenants.policies import Role
from tenants.presentation.activity import in_words
from tenants.scoping import organization_scope
from tenants.services import activity
from tenants.services.audit import Actor, Target, record
from tests.cast import Cast, signed_in

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
PAGE = "/o/acme/activity/"
FILE = "/o/acme/activity/file/"


def keep(cast: Cast, act: Act, *, by: Actor | None = None, on: Target | None = None, at: datetime = NOW, **more: Any):
    with organization_scope(cast.acme.pk):
        actor = by or Actor.person(cast.alice, ip="192.0.2.1")
        record(organization_id=cast.acme.pk, act=act, by=actor, on=on, now=at, **more)


def shown(cast: Cast, query: str = "") -> str:
    answer = signed_in(cast.alice).get(f"{PAGE}{query}")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def fetched(cast: Cast, query: str = "") -> list[list[str]]:
    answer = signed_in(cast.alice).post(f"{FILE}{query}")
    assert answer.status_code == 200
    text = b"".join(answer).decode("utf-8-sig")  # type: ignore[arg-type]  # the client's stream is of bytes
    return list(csv.reader(io.StringIO(text)))


def entries(count: int, cast: Cast, *, organization: int | None = None, begin: datetime = NOW) -> None:
    """Many at once, some of them at the same moment."""
    pk = organization or cast.acme.pk
    acts = list(Act)
    with organization_scope(pk):
        AuditEntry.objects.bulk_create(
            [
                AuditEntry(
                    organization_id=pk, at=begin + timedelta(minutes=number // 3), act=acts[number % len(acts)].value,
                    actor_kind="person", actor_id=cast.bob.pk, actor_label=f"bob+{number}@acme.example",
                    target_kind="thing", target_id=number, target_label=f"thing-{number}",
                )
                for number in range(count)
            ],
            batch_size=5000,
        )  # fmt: skip


def test_an_act_is_a_sentence_with_moment_and_place(cast: Cast):
    keep(cast, Act.ROLE_CHANGED, on=Target("member", 7, "bob@acme.example"), former="member", new="admin")
    page = shown(cast)
    assert (
        "<b><bdi>Alice Moreau</bdi></b> changed the role of <b><bdi>bob@acme.example</bdi></b>"
        ' <span class="soft"><bdi>from member to admin</bdi></span>' in page
    )
    assert "alice@acme.example" in page, "a name may be anything; the address is what was known then"
    assert "from 192.0.2.1" in page
    assert '<time datetime="2026-05-04T09:30:00+00:00"' in page
    assert "Monday 4 May 2026" in page


def test_who_is_no_member_is_said_to_be_what_they_are(cast: Cast):
    keep(cast, Act.SUPPORT_SYNCED, by=Actor.support(cast.support), on=Target("connection", 1, "bob@contoso.example"))
    keep(cast, Act.TENANT_APPROVED, by=Actor.administrator("it@contoso.example"), on=Target("tenant", 1, "Contoso"))
    keep(cast, Act.CONNECTION_BROKEN, by=Actor.system(), on=Target("connection", 1, "bob@contoso.example"))
    page = shown(cast)
    assert "<bdi>Almanac&#x27;s support</bdi></b> asked Microsoft for news of" in page
    assert "<bdi>it@contoso.example</bdi></b> approved Almanac for <b><bdi>Contoso</bdi></b>" in page
    assert "<span>A Microsoft administrator</span>" in page
    assert "<bdi>Almanac</bdi></b> lost access to" in page
    for who in ("support", "administrator", "system"):
        assert shown(cast, f"?who={who}").count('class="log-words"') == 1


def test_the_newest_comes_first_and_older_pages_miss_and_repeat_nothing(cast: Cast):
    entries(130, cast)
    client, address, seen = signed_in(cast.alice), PAGE, []
    for _ in range(3):
        page = client.get(address).content.decode()
        seen += [part.split("<")[0] for part in page.split("<bdi>thing-")[1:]]
        if 'rel="next"' in page:
            address = PAGE + page.split('rel="next" href="')[1].split('"')[0].split("/")[-1].replace("&amp;", "&")
    assert seen == [str(number) for number in reversed(range(130))]
    assert "This is where the log begins" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?kind=people", 2), ("?kind=approvals", 1), ("?kind=exports", 0), ("?since=2026-05-05", 2),
        ("?who=&kind=&since=&until=", 4), ("?until=2026-05-04", 2),
        ("?since=2026-05-05&until=2026-05-05&kind=people", 1),
    ],
)  # fmt: skip
def test_filters_by_kind_and_period(cast: Cast, query: str, found: int):
    keep(cast, Act.MEMBER_INVITED, on=Target("invitation", 1, "carol@acme.example"))
    keep(cast, Act.TENANT_LINKED, on=Target("tenant", 1, "Contoso"))
    keep(cast, Act.MEMBER_LEFT, by=Actor.person(cast.bob), at=NOW + timedelta(days=1))
    page = shown(cast, query)  # founding is the fourth, and today
    assert page.count('class="log-words"') == found
    assert ("Nothing like that happened" in page) == (found == 0)
    assert len([row for row in fetched(cast, query)[1:] if row[7] != "activity.exported"]) == found


def test_filters_by_person_also_by_one_who_has_left(cast: Cast):
    keep(cast, Act.MEMBER_LEFT, by=Actor.person(cast.bob))
    with organization_scope(cast.acme.pk):
        Membership.objects.of(cast.acme).filter(user=cast.bob).update(removed_at=NOW)
    page = shown(cast, f"?who={cast.bob.pk}")
    assert page.count('class="log-words"') == 1
    assert "<bdi>Bob Ito</bdi></b> left" in page


def test_days_are_those_of_the_viewers_zone(cast: Cast):
    keep(cast, Act.MEMBER_LEFT, by=Actor.person(cast.bob), at=datetime(2026, 5, 4, 22, 30, tzinfo=UTC))
    client = signed_in(cast.alice)
    client.cookies["tz"] = "Europe/Paris"
    assert client.get(f"{PAGE}?since=2026-05-05&until=2026-05-05").content.count(b'class="log-words"') == 1
    assert client.get(f"{PAGE}?since=2026-05-04&until=2026-05-04").content.count(b'class="log-words"') == 0


BAD = [
    ("who=99999999", "Nobody of this organization"), ("who=%00", "Nobody of this"), ("who=-1", "Nobody of this"),
    ("kind=secrets", "There is no such kind"), ("since=yesterday", "2027-01-31"), ("until=2026-13-01", "2027-01-31"),
    ("since=0001-01-01", "The year must be"), ("until=9999-12-31", "The year must be"),
    ("since=2026-05-05&until=2026-05-04", "must not be before"), ("before=x", "not complete"),
    ("before=99999999999999999999-1", "not complete"), ("before=9999999999999999999-1", "not complete"),
    ("before=1-99999999999999999999", "not complete"), ("before=%00-1", "not complete"), ("before=-", "not complete"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "said"), BAD)
def test_what_cannot_be_asked_for_is_said_and_nothing_is_listed(cast: Cast, query: str, said: str):
    client = signed_in(cast.alice)
    answer = client.get(f"{PAGE}?{query}")
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert b'class="log-words"' not in answer.content
    refused = client.post(f"{FILE}?{query}")
    assert refused.status_code == 302
    assert client.get(refused["Location"]).status_code == 400
    with organization_scope(cast.acme.pk):
        assert not AuditEntry.objects.of(cast.acme).filter(act=Act.ACTIVITY_EXPORTED).exists()


@pytest.mark.parametrize(
    "label",
    ["<script>alert(1)</script>", "\u05d1\u05d5\u05d1 \u202egro.elpmaxe", "x" * 320, "=1+1", "{{ slug }}", "a\nb"],
)
def test_labels_are_data(cast: Cast, label: str):
    keep(
        cast, Act.POLICY_CHANGED, by=Actor(Actor.system().kind, None, label), on=Target("policy", 1, label),
        reason=label, former=None, new=[label, {"b": True}],
    )  # fmt: skip
    assert str(escape(label)).replace("\n", " ") in shown(cast)
    assert "<script>alert" not in shown(cast)
    (_, exported) = [row for row in fetched(cast)[1:] if row[7] in {"policy.changed", "organization.founded"}]
    assert exported[1] == exported[4] == (f"'{label}" if label.startswith("=") else label)


def test_details_are_said_in_words():
    assert in_words({"former": "member", "new": "admin", "reason": "asked for"}) == (
        "from member to admin (reason: asked for)"
    )
    assert in_words({"former": [], "new": ["a", "b"]}) == "from nothing to a and b"
    assert in_words({"filtered": False, "rows_gone": 3, "by": None}) == "(filtered: no, rows gone: 3)"
    assert in_words({"counts": {"events": 2, "tokens": 1}}) == "(counts: events 2 and tokens 1)"
    assert in_words({"reason": "password_expired", "by": "a_B"}) == "(reason: password expired, by: a_B)"
    assert in_words({}) == ""


def test_taking_the_log_along_is_an_entry_of_it(cast: Cast):
    fetched(cast)
    fetched(cast, "?kind=people")
    with organization_scope(cast.acme.pk):
        kept = AuditEntry.objects.of(cast.acme).filter(act=Act.ACTIVITY_EXPORTED).order_by("pk")
        assert [(entry.actor_label, entry.ip, entry.details) for entry in kept] == [
            ("alice@acme.example", "127.0.0.1", {"filtered": False}),
            ("alice@acme.example", "127.0.0.1", {"filtered": True}),
        ]


def test_the_file_has_every_entry_once_however_many_there_are(cast: Cast):
    entries(1234, cast)
    rows = fetched(cast)
    assert len({len(row) for row in rows}) == 1
    assert [row[4] for row in rows if row[4].startswith("thing")] == [f"thing-{n}" for n in reversed(range(1234))]
    assert rows[0][:2] == ["When (UTC)", "Who"]


def test_a_file_is_read_in_small_parts(cast: Cast):
    entries(95, cast)
    with organization_scope(cast.acme.pk):
        member = Membership.objects.of(cast.acme).get(user=cast.alice)
    parts = activity.everything(
        organization_id=cast.acme.pk, member_id=member.pk, wanted=activity.Wanted(), now=datetime.now(UTC), chunk=40
    )
    assert [len(part) for part in parts] == [40, 40, 16]


@pytest.mark.parametrize("change", [{"removed_at": NOW}, {"role": Role.MEMBER}])
def test_whoever_may_no_longer_see_it_gets_no_further_part(cast: Cast, change: dict[str, Any]):
    entries(95, cast)
    with organization_scope(cast.acme.pk):
        member = Membership.objects.of(cast.acme).get(user=cast.ada)
    parts = activity.everything(
        organization_id=cast.acme.pk, member_id=member.pk, wanted=activity.Wanted(), now=datetime.now(UTC), chunk=40
    )
    assert len(next(parts)) == 40
    with organization_scope(cast.acme.pk):
        Membership.objects.of(cast.acme).filter(pk=member.pk).update(**change)
    with pytest.raises(activity.NoLongerAllowed):
        next(parts)


def test_members_may_not_see_it_and_mallory_does_not_learn_that_it_is_there(cast: Cast):
    for address, method in ((PAGE, "get"), (FILE, "post")):
        assert getattr(signed_in(cast.bob), method)(address).status_code == 403
        assert getattr(signed_in(cast.ada), method)(address).status_code == 200
        assert getattr(signed_in(cast.mallory), method)(address).status_code == 404
        assert getattr(signed_in(cast.support), method)(address).status_code == 404
    assert signed_in(cast.alice).get(FILE).status_code == 405, "a link fetches nothing"


def test_nothing_of_another_organization_is_shown_or_put_into_a_file(cast: Cast):
    entries(60, cast, organization=cast.globex.pk)
    assert "thing-" not in shown(cast)
    assert not any("thing" in row[4] for row in fetched(cast))
    mallory = signed_in(cast.alice).get(f"{PAGE}?who={cast.mallory.pk}")
    assert mallory.status_code == 400, "who belongs elsewhere is nobody here"


def test_every_act_is_of_one_kind():
    of_kinds = [act for kind in KINDS for act in acts_of(kind)]
    assert sorted(of_kinds) == sorted(Act)


@pytest.mark.parametrize("query", [{}, {"kind": "people"}, {"person": 1}])
def test_a_page_of_a_long_log_is_found_by_the_index_under_the_policies(cast: Cast, query: dict[str, Any]):
    """50,000 entries of one organization, 10,000 of another; the middle of them."""
    entries(50_000, cast)
    entries(10_000, cast, organization=cast.globex.pk)
    with organization_scope(cast.acme.pk):
        with connection.cursor() as cursor:
            cursor.execute("SELECT session_user::text")
            assert cursor.fetchone() == ("almanac_app",), "the owner would meet other policies"
        wanted = activity.Wanted(**({"person": cast.bob.pk} if "person" in query else query))
        before = activity.Place(NOW + timedelta(minutes=8000), 0)
        rows = activity._entries(cast.acme.pk, wanted, before)[:51]
        plan = rows.explain()
        found = activity.page(organization_id=cast.acme.pk, wanted=wanted, before=before)
    assert "audit_by_time" in plan, plan
    assert "Seq Scan" not in plan
    assert len(found.entries) == 50
    assert found.older is not None
