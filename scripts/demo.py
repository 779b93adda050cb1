"""
The demo: its mailbox is connected over HTTP, by the forms and redirects that a browser would follow.

Nothing here knows an address or a hidden field of Microsoft's pages: a form is sent as it stands, and where a person
would choose, the choice is found by the words on it.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import requests

from scripts.forms import Button, Form, Page
from scripts.problems import Problem

MAILBOX = "alice.moreau@contoso.example"
SIGN_IN = "/accounts/login/"
CONNECT = "/o/acme/connect/"
# What the button says that leaves for Microsoft.
GO = "to Microsoft"
# Choose an account, consent, go back, and a few to spare.
MOST_PAGES_OF_MICROSOFT = 8


@dataclass(frozen=True)
class People:
    """The sign-ins that `manage.py demo_people` makes, with DEBUG on only. Every start prints them."""

    owner: str
    member: str
    support: str
    password: str


@dataclass(frozen=True)
class State:
    """What `manage.py demo_state` says."""

    connected: bool
    synced: bool
    events: int


def connect_mailbox(origin: str, people: People) -> None:
    """
    Sign in as the owner at `origin`, press Connect, and go through Microsoft's pages until we are back.

    Doing it again is what a person does who reconnects: nothing is doubled. It must be done at every start, since the
    sandbox forgets with its process what it had allowed.

    Raises:
        Problem: a page was not what it should be; the sentence names it.
    """
    try:
        with requests.Session() as browser:
            _sign_in(browser, origin, people)
            asked = _open(browser, urljoin(origin, CONNECT))
            form = next((form for form in Page(asked.text).forms if form.method == "post" and form.pressed(GO)), None)
            if form is None:
                raise _surprise(asked, "a form to connect a calendar")
            _pass_microsoft(browser, origin, _submit(browser, asked, form, form.pressed(GO)))
    except requests.RequestException as error:
        raise Problem(f"The demo's mailbox could not be connected: {error}") from error


def read_people(said: Sequence[str]) -> People:
    """The sign-ins from the output of `manage.py demo_people`, which may log before."""
    found = json.loads(said[-1])
    return People(found["owner"], found["member"], found["support"], found["password"])


def read_state(said: Sequence[str]) -> State:
    """
    The state from the output of `manage.py demo_state`, which may log before.

    Raises:
        Problem: the mailbox is not connected, or its first round did not end in time.
    """
    found = json.loads(said[-1])
    state = State(bool(found["connected"]), bool(found["synced"]), int(found["events"]))
    if not state.connected:
        raise Problem("The demo's mailbox is not connected; what web and worker said above tells why.")
    if not state.synced:
        raise Problem("The demo's calendar was not read in time; what the worker said above tells why.")
    return state


def ready_lines(origin: str, sandbox: str, people: People, state: State) -> Iterator[str]:
    yield ""
    yield f"Almanac is ready: {origin}"
    for email, role in ((people.owner, "owner"), (people.member, "member"), (people.support, "support staff")):
        yield f"  Sign in as {email} with {people.password} ({role})"
    yield "  Support staff are asked for six digits, too: `make code` prints them"
    yield f"  Outlook is played by the sandbox: {sandbox}"
    yield f"  {state.events} events synced"
    yield "  Ctrl-C stops everything"
    yield ""


def _sign_in(browser: requests.Session, origin: str, people: People) -> None:
    page = _open(browser, urljoin(origin, SIGN_IN))
    form = next((form for form in Page(page.text).forms if {"email", "password"} <= form.typed.keys()), None)
    if form is None:
        raise _surprise(page, "a form to sign in")
    form.fields[form.typed["email"]] = people.owner
    form.fields[form.typed["password"]] = people.password
    answer = _submit(browser, page, form)
    if urlsplit(answer.url).path == SIGN_IN:
        raise _surprise(answer, "the page after signing in")


def _pass_microsoft(browser: requests.Session, origin: str, page: requests.Response) -> None:
    for _ in range(MOST_PAGES_OF_MICROSOFT):
        if page.url.startswith(f"{origin}/"):
            return
        form, button = _choice(page)
        page = _submit(browser, page, form, button)
    raise _surprise(page, "the way back from Microsoft's pages")


def _choice(page: requests.Response) -> tuple[Form, Button | None]:
    """What a person would press who wants to connect the demo's mailbox."""
    forms = Page(page.text).forms
    for words in (MAILBOX, "accept"):
        for form in forms:
            if button := form.pressed(words):
                return form, button
    if len(forms) == 1 and not forms[0].typed.keys() & {"text", "password"}:
        # Nothing to decide: the page that sends itself back to us.
        return forms[0], next(iter(forms[0].buttons), None)
    raise _surprise(page, f"a way on for {MAILBOX}")


def _open(browser: requests.Session, url: str) -> requests.Response:
    return _checked(browser.get(url, timeout=30))


def _submit(
    browser: requests.Session, page: requests.Response, form: Form, button: Button | None = None
) -> requests.Response:
    data = dict(form.fields)
    if button is not None and button.name:
        data[button.name] = button.value
    url = urljoin(page.url, form.action)
    if form.method != "post":
        return _checked(browser.get(url, params=data, timeout=30))
    # Over https Django would ask for it; browsers send both.
    source = urlsplit(page.url)
    headers = {"Referer": page.url, "Origin": f"{source.scheme}://{source.netloc}"}
    return _checked(browser.post(url, data=data, headers=headers, timeout=30))


def _checked(answer: requests.Response) -> requests.Response:
    if not answer.ok:
        raise _surprise(answer, "a page")
    return answer


def _surprise(page: requests.Response, wanted: str) -> Problem:
    # Without the query: it may hold a code or a state.
    address = page.url.partition("?")[0]
    title = " ".join(Page(page.text).title.split())
    return Problem(f"The demo wanted {wanted} at {address}, which answered {page.status_code} “{title}”.")
