"""What we write to people: each kind of mail of each app, from its sample."""

import ast
import re
from email import message_from_bytes
from pathlib import Path
from urllib.parse import urlsplit

import allauth
import pytest
from django.conf import settings
from django.urls import Resolver404, resolve

from tenants.adapters import _SAMPLE_CONTEXT, MAILS
from tenants.emails import Mail, compose
from tenants.views.mail_preview import samples
from tests.rules import walk

# Codes in mails and security keys are switched off: see ACCOUNT_* and MFA_* in settings.
UNUSED = {
    "account/email/login_code",
    "account/email/password_reset_code",
    "mfa/email/webauthn_added",
    "mfa/email/webauthn_removed",
}
OPENINGS = ("You get this mail because", "You get this mail, because")


def test_there_are_words_for_every_occasion_of_allauth():
    templates = Path(allauth.__file__).parent / "templates"
    occasions = {
        f"{app}/email/{path.name.removesuffix('_subject.txt')}"
        for app in ("account", "mfa")
        for path in (templates / app / "email").glob("*_subject.txt")
    }
    assert {name for name in MAILS if not name.startswith("microsoft/")} == occasions - UNUSED


def test_every_kind_of_mail_has_a_sample():
    """A function in an app's `emails` that returns a Mail, `invitation_again`, has a sample `invitation-again`."""
    written = {
        node.name.replace("_", "-")
        for path, tree in walk.modules()
        if path.name == "emails.py"
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and isinstance(node.returns, ast.Name)
        and node.returns.id == "Mail"
        and not node.name.startswith("_")
        and node.name != "reopened"
    }
    lacking = {name for name in written if not any(kind == name or kind.startswith(f"{name}-") for kind in samples())}
    assert lacking == set()


@pytest.fixture(params=sorted(samples()))
def mail(request: pytest.FixtureRequest) -> Mail:
    return samples()[request.param]


def test_it_has_text_html_one_button_and_says_why_it_came(mail: Mail):
    message = compose(mail, to="alice@acme.example")
    text, html = str(message.body), str(message.alternatives[0][0])
    assert mail.reason.startswith(OPENINGS)
    for words in (mail.heading, mail.button):
        assert words in text
    assert "You get this mail" in text
    assert "You get this mail" in html
    assert html.count("<a ") == 1
    assert "!" not in text
    parsed = message_from_bytes(message.message().as_bytes())
    assert [part.get_content_type() for part in parsed.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert parsed["Auto-Submitted"] == "auto-generated"


def test_its_subject_is_one_short_line(mail: Mail):
    message = compose(mail, to="alice@acme.example")
    assert message.subject == " ".join(mail.subject.split())
    assert 0 < len(message.subject) <= 100


def test_its_one_address_is_ours_and_leads_somewhere(mail: Mail):
    message = compose(mail, to="alice@acme.example")
    html = str(message.alternatives[0][0])
    (address,) = re.findall(r"^http\S+$", str(message.body), re.MULTILINE)
    assert re.findall(r'href="([^"]+)"', html) == [address]
    assert address.startswith(f"{settings.ALMANAC_ORIGIN}/")
    try:
        resolve(urlsplit(address).path)
    except Resolver404:
        pytest.fail(f"{address} leads nowhere")


def test_it_loads_nothing_and_tells_nobody_that_it_is_read(mail: Mail):
    html = str(compose(mail, to="alice@acme.example").alternatives[0][0])
    assert not re.search(r"<(img|script|link|iframe|object|embed|form|video|audio|svg)\b", html)
    assert not re.search(r"url\(|@import|\bsrc=|background=", html)
    addresses = re.findall(r"https?://[^\s\"'<]+", html)
    # The names of XML's vocabularies, which nothing fetches.
    names = ("http://www.w3.org/1999/xhtml",)
    assert all(address.startswith((settings.ALMANAC_ORIGIN, *names)) for address in addresses)


def test_its_text_is_wrapped_and_readable(mail: Mail):
    text = str(compose(mail, to="alice@acme.example").body)
    assert [line for line in text.splitlines() if len(line) > 78 and not line.startswith("http")] == []
    assert "\n\n\n" not in text
    assert "&" not in text.replace(settings.ALMANAC_ORIGIN, "") or "&" in "".join(mail.paragraphs) + mail.reason
    assert "\n-- \n" in text, "mail programs hide what stands below the mark of a signature"


def test_words_from_outside_are_escaped_in_html_and_plain_in_text():
    mail = MAILS["account/email/email_changed"]({**_SAMPLE_CONTEXT, "to_email": "<b>&@x.example"})
    message = compose(mail, to="alice@acme.example")
    assert "<b>&@x.example" in str(message.body)
    assert "<b>" not in str(message.alternatives[0][0])


def test_a_subject_with_breaks_in_it_is_one_line_and_adds_no_header():
    odd = Mail(
        subject="Hello\r\nBcc: eve@evil.example\n", heading="a", paragraphs=("b",), button="c", path="/", reason="d"
    )
    message = compose(odd, to="alice@acme.example").message()
    assert message["Subject"] == "Hello Bcc: eve@evil.example"
    assert message["Bcc"] is None


def test_contents_that_look_like_template_code_are_contents():
    odd = Mail(subject="{{ x }}", heading="{% x %}", paragraphs=("{{ mail }}",), button="c", path="/", reason="d")
    message = compose(odd, to="alice@acme.example")
    assert "{{ mail }}" in str(message.body)
    assert "{{ mail }}" in str(message.alternatives[0][0])
