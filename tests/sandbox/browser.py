"""A person at the sandbox's sign-in pages, without a browser: reads forms, presses buttons, keeps cookies."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    """Collects forms and links."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self.people: dict[str, str] = {}
        self._link: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given["action"]))
        elif tag == "input" and given.get("type") == "hidden":
            self.forms[-1].fields[given["name"]] = given["value"]
        elif tag == "button" and "name" in given:
            self.forms[-1].buttons.append((given["name"], given["value"]))
            if "data-person" in given:
                self.people[given["data-person"]] = given["value"]
        elif tag == "a":
            self._link = given["href"]

    def handle_data(self, data: str) -> None:
        if self._link is not None:
            self.links[data] = self._link
            self._link = None


class Page:
    """One answer of the sandbox to a browser; redirects are not followed."""

    def __init__(self, response: requests.Response) -> None:
        self.response = response
        self.url = response.url
        self.status = response.status_code
        self.text = response.text
        self.location = response.headers.get("Location")
        reader = _Reader()
        reader.feed(self.text)
        self.forms, self.links, self.people = reader.forms, reader.links, reader.people

    @property
    def answer(self) -> dict[str, str]:
        """The fields that go back to the app, by whichever of the three ways."""
        if self.location is not None:
            parts = urlsplit(self.location)
            return dict(parse_qsl(parts.fragment or parts.query))
        [form] = self.forms
        return form.fields


class Browser:
    """Cookies live as long as the object: a second one is another browser."""

    def __init__(self) -> None:
        self.session = requests.Session()

    def get(self, url: str) -> Page:
        return Page(self.session.get(url, allow_redirects=False, timeout=10))

    def follow(self, page: Page, words: str) -> Page:
        """Follow the link whose text begins with `words`."""
        [href] = [href for text, href in page.links.items() if text.startswith(words)]
        return self.get(urljoin(page.url, href))

    def choose(self, page: Page, address: str) -> Page:
        """Press the button of an account."""
        return self._submit(page, page.forms[0], {"person": page.people[address]})

    def type(self, page: Page, address: str) -> Page:
        """Type an address instead."""
        return self._submit(page, page.forms[1], {"username": address})

    def press(self, page: Page, answer: str, **more: str) -> Page:
        """Answer a page of permissions with `accept` or `cancel`."""
        assert ("answer", answer) in page.forms[0].buttons
        return self._submit(page, page.forms[0], {"answer": answer, **more})

    def sign_in(self, url: str, address: str) -> Page:
        """Go all the way: choose the account, accept what is asked if anything is."""
        page = self.choose(self.get(url), address)
        return self.press(page, "accept") if "Permissions requested" in page.text else page

    def _submit(self, page: Page, form: Form, pressed: dict[str, str]) -> Page:
        url = urljoin(page.url, form.action)
        return Page(self.session.post(url, data={**form.fields, **pressed}, allow_redirects=False, timeout=10))
