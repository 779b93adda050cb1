"""The text of an event: whatever strangers send, what is shown of it is text and safe links."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendars.models import Calendar, Kind
from calendars.presentation.bodies import LONGEST, MOST_TAGS, TAGS, shown_body
from tenants.models import Detail, Organization
from tenants.scoping import organization_scope
from tests.calendars.making import make_calendar, make_connection, make_event
from tests.cast import Cast, signed_in

CORPUS = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://tracker.example/pixel.gif' width=1 height=1>",
    "<svg onload=alert(1)><animate onbegin=alert(1) attributeName=x></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href=' java\tscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='//evil.example/'>x</a>",
    "<a href='/o/acme/connections/1/disconnect/'>x</a>",
    "<a href='\\\\evil.example\\x'>x</a>",
    "<a href='http://plain.example/'>x</a>",
    "<a href='https://user:pass@evil.example/'>x</a>",
    "<a href='https://bank.example@evil.example/'>x</a>",
    "<a href='https:///evil'>x</a>",
    "<a href='https://[evil'>x</a>",
    '<a href="https://ok.example/" target=_self rel=opener ping=https://evil.example/ onclick=alert(1)>x</a>',
    "<iframe src='https://evil.example/'></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='x'></object><embed src='x'><applet code=x></applet>",
    "<form action='https://evil.example/'><input name=csrfmiddlewaretoken><button>Sign in</button></form>",
    "<base href='https://evil.example/'><meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<link rel=stylesheet href='https://evil.example/x.css'>",
    "<style>body{display:none}</style><p style='position:fixed;inset:0'>over everything</p>",
    "<div class='btn btn-primary' id='main'>looks like ours</div>",
    "<p hx-get='/o/acme/' hx-trigger='load' data-busy data-drawer>htmx</p>",
    "<div hx-on:click='alert(1)'>htmx</div>",
    "<p title='x' lang='de' dir='rtl' aria-hidden='true' tabindex='1' contenteditable>attributes</p>",
    "</div></section></article></main><h1>Out of the box</h1>",
    "<!--<p>--><p>comment</p><![CDATA[<script>alert(1)</script>]]>",
    "<textarea></p><script>alert(1)</script></textarea>",
    "<template><script>alert(1)</script></template>",
    "<table><tr><td background='javascript:alert(1)'>cell</td></tr></table>",
    "<video><source onerror=alert(1)></video><audio src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>x</details><marquee onstart=alert(1)>x</marquee>",
    "<b><p></b>misnested<i><u></i></u>",
    "<p>never closed <a href=https://ok.example/",
    "\x00<\x00script>alert(1)</script>",
    "<p\x0conclick=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<xmp><script>alert(1)</script></xmp><plaintext><script>alert(1)</script>",
    "<?xml version='1.0'?><o:p>&nbsp;</o:p><v:shape style='behavior:url(#x)'/>",
]
LINK = re.compile(r"(https://(?![^/]*@)[^/]+|mailto:|tel:)")


class Reader(HTMLParser):
    """What a browser would find: every tag with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data}")


def assert_harmless(shown: str) -> None:
    reader = Reader()
    reader.feed(shown)
    reader.close()
    for tag, attributes in reader.found:
        if (tag, attributes) == ("p", {"class": "plain-text"}):
            continue
        assert tag in TAGS
        expected = {"target": "_blank", "rel": "noopener noreferrer"} if tag == "a" else {}
        link = attributes.pop("href", None)
        assert attributes == expected
        assert tag == "a" or link is None
        assert link is None or LINK.match(link), link


@pytest.mark.parametrize("body", CORPUS)
def test_nothing_of_it_runs_loads_leads_astray_or_looks_like_ours(body: str) -> None:
    assert_harmless(shown_body(body, "html"))
    assert_harmless(shown_body(f"<div><p>{body}</p></div>", "html"))


@pytest.mark.parametrize("body", CORPUS)
def test_the_same_as_plain_text_and_when_it_is_too_much(body: str) -> None:
    assert_harmless(shown_body(body, "text"))
    assert_harmless(shown_body(body + "<i>" * (MOST_TAGS + 1), "html"))
    assert_harmless(shown_body(body + "x" * LONGEST, "html"))


PIECES = st.lists(st.one_of(st.sampled_from(CORPUS), st.text(st.sampled_from("<>/'\"=&;! ahrefscipt:x\n"))), max_size=6)


@settings(max_examples=300, deadline=None)
@given(PIECES)
def test_no_mixture_of_them_is_harmful(pieces: list[str]) -> None:
    assert_harmless(shown_body("".join(pieces), "html"))


def test_what_people_write_stays_readable() -> None:
    sent = (
        "<html><head><style>p{margin:0}</style></head><body><div class=x>Hello <b>all</b>,<br>"
        "<a href='https://teams.example/join?a=1&amp;b=2'>join</a> or <a href='mailto:a@b.example'>write</a></div>"
        "<ul><li>one</li></ul><table><tbody><tr><td>cell</td></tr></tbody></table></body></html>"
    )
    shown = shown_body(sent, "html")
    assert "Hello <b>all</b>,<br>" in shown
    assert 'href="https://teams.example/join?a=1&amp;b=2"' in shown
    assert 'href="mailto:a@b.example"' in shown
    assert "<li>one</li>" in shown
    assert "margin" not in shown


def test_too_much_is_plain_text_with_its_lines() -> None:
    shown = shown_body("<style>p{}</style><p>First &amp; best</p><p>Second</p>" + "<b></b>" * MOST_TAGS, "html")
    assert shown == '<p class="plain-text">First &amp; best\nSecond</p>'


@pytest.mark.parametrize("body", ["", " \n ", "<html><head><title>x</title></head><body><p>&nbsp;</p></body></html>"])
def test_an_empty_text_is_no_text(body: str) -> None:
    assert shown_body(body, "html") == ""


# --- the drawer --------------------------------------------------------------------------------------------------


@pytest.fixture
def full(cast: Cast) -> Organization:
    with organization_scope(cast.acme.pk):
        cast.acme.detail = Detail.FULL
        cast.acme.save(update_fields=["detail"])
    return cast.acme


@pytest.fixture
def calendar(cast: Cast) -> Calendar:
    return make_calendar(make_connection(cast.acme, cast.alice))


def drawer(cast: Cast, pk: int) -> str:
    return signed_in(cast.alice).get(f"/o/acme/calendar/events/{pk}/", headers={"HX-Request": "true"}).content.decode()


def test_the_drawer_shows_the_text_out_of_reach_of_htmx(cast: Cast, full: Organization, calendar: Calendar) -> None:
    event = make_event(calendar, body="<p>Bring <b>numbers</b><script>alert(1)</script></p>", body_type="html")
    shown = drawer(cast, event.pk)
    assert re.search(r"hx-ignore>\s*<p>Bring <b>numbers</b></p>", shown)
    assert "alert(1)" not in shown


def test_an_occurrence_shows_its_series_text_and_an_exception_its_own(
    cast: Cast, full: Organization, calendar: Calendar
) -> None:
    make_event(calendar, kind=Kind.MASTER, graph_id="m", body="<p>Of the series</p>", body_type="html")
    occurrence = make_event(calendar, kind=Kind.OCCURRENCE, series_id="m")
    exception = make_event(calendar, kind=Kind.EXCEPTION, series_id="m", body="Of its own", body_type="text")
    assert "Of the series" in drawer(cast, occurrence.pk)
    assert "Of its own" in drawer(cast, exception.pk)
    assert "Of the series" not in drawer(cast, exception.pk)


def test_a_private_event_of_somebody_else_shows_no_text(cast: Cast, full: Organization) -> None:
    shared = make_calendar(
        make_connection(cast.acme, cast.alice), owner_address="someone@contoso.example", owner_name="Someone"
    )
    event = make_event(shared, sensitivity="private", body="Hush", body_type="text")
    assert "Hush" not in drawer(cast, event.pk)


@pytest.mark.parametrize("detail", [Detail.DETAILS, Detail.BUSY])
def test_a_text_that_is_not_kept_is_not_shown_before_it_is_gone_either(
    cast: Cast, full: Organization, calendar: Calendar, detail: Detail
) -> None:
    make_event(calendar, kind=Kind.MASTER, graph_id="m", body="Hush", body_type="text", recurrence={"pattern": {}})
    with organization_scope(full.pk):
        full.detail = detail
        full.save(update_fields=["detail"])
    for event in (
        make_event(calendar, body="Hush", body_type="text"),
        make_event(calendar, kind=Kind.OCCURRENCE, series_id="m"),
    ):
        assert "Hush" not in drawer(cast, event.pk)


def test_only_busy_is_all_that_pages_and_the_feed_say(cast: Cast, full: Organization, calendar: Calendar) -> None:
    """Also of rows that are still to be cleaned."""
    event = make_event(
        calendar, "Hush subject", location="Hush place", organizer_name="Hush boss", sensitivity="private",
        join_url="https://hush.example/", web_link="https://hush.example/", body="Hush", response="declined",
        attendees=[{"name": "Hush guest", "address": "hush@x.example", "type": "required", "response": "accepted"}],
        original_zone="Hush",
    )  # fmt: skip
    with organization_scope(full.pk):
        full.detail = Detail.BUSY
        full.save(update_fields=["detail"])
    alice = signed_in(cast.alice)
    span = {"start": "2027-03-01T00:00:00Z", "end": "2027-03-30T00:00:00Z"}
    feed = alice.get("/o/acme/calendar/events/", span)
    assert {item["title"] for item in feed.json()} == {"Busy"}
    pages = [feed, *(alice.get(f"/o/acme/calendar/{page}?date=2027-03-10") for page in ("", "agenda/"))]
    pages.append(alice.get(f"/o/acme/calendar/events/{event.pk}/"))
    for page in pages:
        assert page.status_code == 200
        assert "Busy" in page.content.decode()
        assert "hush" not in page.content.decode().lower()
    assert "Only the times are kept" in pages[-1].content.decode()
