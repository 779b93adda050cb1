"""What every answer carries, errors and redirects included, and what the pages in them may not hold."""

import io
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from config.security import content_security_policy
from scripts.environment import ROOT
from tests.cast import PASSWORD, Cast, cast
from tests.rules.visits import Visit

__all__ = ["cast"]

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


def lacking(headers: dict[str, str]) -> list[str]:
    """Which headers are missing or other than they should be."""
    found = [name for name, value in ALWAYS.items() if headers.get(name) != value]
    # An address with a key in it may say nothing at all of where somebody comes from.
    if headers.get("Referrer-Policy") not in {"same-origin", "no-referrer"}:
        found.append("Referrer-Policy")
    policy = headers.get("Content-Security-Policy", "")
    # An answer may be stricter than the rest, such as the echo to Graph.
    if policy != content_security_policy() and not policy.startswith("default-src 'none'; frame-ancestors 'none'"):
        found.append("Content-Security-Policy")
    return found


def test_every_answer_carries_the_headers(visits: list[Visit]):
    assert [(made, lacking(made.headers)) for made in visits if lacking(made.headers)] == []


def test_the_policy_allows_nothing_inline_and_nobody_else():
    policy = dict(part.strip().split(" ", 1) for part in content_security_policy().split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["form-action"].split() == ["'self'", *settings.LOGIN_ORIGINS_FOR_BROWSERS]
    assert "unsafe" not in content_security_policy()
    assert "*" not in content_security_policy()


@pytest.mark.parametrize(
    ("ask", "status"),
    [
        (lambda client: client.get("/accounts/login/", headers={"host": "evil.example"}), 400),
        (lambda client: client.get("/no-such-page/"), 404),
        (lambda client: client.get("/new"), 301),
        (lambda client: client.post("/accounts/login/", {"login": "a@b.example", "password": "x"}), 403),
        (lambda client: client.put("/webhooks/graph/"), 405),
        (lambda client: client.post("/webhooks/graph/?validationToken=x"), 200),
        (lambda client: client.post("/accounts/signup/", b"x" * (3 * 1024 * 1024), content_type="text/plain"), 403),
        (lambda client: client.post("/connections/callback/", {str(n): "" for n in range(1100)}), 400),
        (lambda client: client.get("/static/css/almanac.css"), 200),
    ],
)
def test_errors_redirects_and_files_carry_them_too(db: None, ask, status: int):
    answer = ask(Client(enforce_csrf_checks=True, raise_request_exception=False))
    if status == 200 and answer.status_code == 404:
        assert finders.find("css/almanac.css")  # files are served from STATIC_ROOT where DEBUG was off at the start
    else:
        assert answer.status_code == status
    assert lacking(dict(answer.items())) == []


def test_private_pages_are_not_stored(visits: list[Visit]):
    behind = [made for made in visits if made.role != "anonymous" and made.status == 200]
    assert behind
    assert [made for made in behind if "no-store" not in made.headers.get("Cache-Control", "")] == []


def test_session_cookies_are_out_of_reach_of_scripts_and_other_sites(cast: Cast):
    client = Client()
    client.post("/accounts/login/", {"login": cast.bob.email, "password": PASSWORD})
    client.get("/new/")
    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        cookie = client.cookies[name]
        assert (bool(cookie["httponly"]), cookie["samesite"], cookie["path"]) == (True, "Lax", "/"), name


def test_what_a_page_says_once_is_not_kept_in_a_cookie_of_its_own(cast: Cast):
    client = Client()
    client.post("/accounts/login/", {"login": cast.bob.email, "password": PASSWORD})
    client.post("/accounts/logout/")
    assert set(client.cookies) <= {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}


def test_the_page_for_a_lost_database_carries_the_headers():
    """In a process of its own, whose database is away; the cookie makes everything ask whose session it is."""
    ask = (
        "import django, json; django.setup(); from django.conf import settings; from django.test import Client\n"
        "client = Client(headers={'host': 'localhost'}, raise_request_exception=False)\n"
        "client.cookies[settings.SESSION_COOKIE_NAME] = 'a' * 32\n"
        "answer = client.get('/o/acme/')\n"
        "print(json.dumps([answer.status_code, dict(answer.items())]))"
    )
    away = {
        "DATABASE_URL": "postgres://almanac_app:hush@127.0.0.1:9/almanac",
        "DATABASE_POOL_TIMEOUT": "0.2",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }

    done = subprocess.run(
        [sys.executable, "-c", ask], cwd=ROOT, env=os.environ | away, capture_output=True, text=True, check=False
    )

    status, headers = json.loads(done.stdout or "[0, {}]")
    assert status == 500, done.stderr
    assert lacking(headers) == []
    assert headers["Cache-Control"] == "no-store"
    assert '"status": 500' in done.stderr or "status=500" in done.stderr, "no line says that somebody met an error"
    assert "hush" not in done.stderr


def test_nobody_fills_the_disk_with_files_that_no_form_takes(db: None):
    """Refused as soon as the file's part begins, before the form's token is looked at and before a view is."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.get("/accounts/login/")
    answer = client.post("/accounts/login/", {"login": "a@b.example", "file": io.BytesIO(b"x" * 100_000)})
    assert answer.status_code == 400
    assert lacking(dict(answer.items())) == []


class Inline(HTMLParser):
    """Collects what the policy would block, and links that would run or leave without saying so."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "script" and "src" not in given and given.get("type") != "application/json":
            self.found.append("a script without src")
        if tag == "style":
            self.found.append("a style element")
        self.found += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]
        for name in ("href", "src", "action", "formaction"):
            address = (given.get(name) or "").strip()
            if re.match(r"(?i)(javascript|data|vbscript):", address):
                self.found.append(f"{tag} {name}={address}")
        if given.get("target") == "_blank" and "noopener" not in (given.get("rel") or ""):
            self.found.append(f"{tag} target=_blank")


def test_no_page_holds_what_the_policy_forbids(visits: list[Visit]):
    wrong: dict[str, list[str]] = {}
    pages = {made.content: made for made in visits if made.is_page}
    assert len(pages) > 20
    for content, made in pages.items():
        # A mail as such, for developers: mail programs read no style sheets. It comes with a policy of its own.
        if made.address.route == "/mail/<kind>/html/":
            continue
        parser = Inline()
        parser.feed(content)
        if parser.found:
            wrong[repr(made)] = parser.found
    assert wrong == {}


def test_every_form_of_ours_that_posts_carries_a_token(visits: list[Visit]):
    forms = re.compile(r"<form\b[^>]*\bmethod=\"post\".*?</form>", re.DOTALL | re.IGNORECASE)
    found = [(made, form) for made in visits for form in forms.findall(made.content)]
    assert found
    assert [made for made, form in found if "csrfmiddlewaretoken" not in form] == []
