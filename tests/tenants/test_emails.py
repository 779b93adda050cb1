"""What we write to people."""

from email import message_from_bytes
from pathlib import Path

import allauth
import pytest
from django.utils import timezone

from tenants.adapters import MAILS
from tenants.emails import compose

CONTEXT = {
    "key": "abc",
    "uid": "1",
    "timestamp": timezone.now(),
    "ip": "192.0.2.1",
    "from_email": "old@acme.example",
    "to_email": "new@acme.example",
    "deleted_email": "old@acme.example",
    "microsoft_account": "alice.moreau@contoso.example",
}
# Codes in mails and security keys are switched off: see ACCOUNT_* and MFA_* in settings.
UNUSED = {
    "account/email/login_code",
    "account/email/password_reset_code",
    "mfa/email/webauthn_added",
    "mfa/email/webauthn_removed",
}


def test_there_are_words_for_every_occasion_of_allauth():
    templates = Path(allauth.__file__).parent / "templates"
    occasions = {
        f"{app}/email/{path.name.removesuffix('_subject.txt')}"
        for app in ("account", "mfa")
        for path in (templates / app / "email").glob("*_subject.txt")
    }
    assert {name for name in MAILS if not name.startswith("microsoft/")} == occasions - UNUSED


@pytest.mark.parametrize("occasion", MAILS)
def test_every_mail_has_text_html_one_button_and_says_why_it_came(occasion: str):
    message = compose(MAILS[occasion](CONTEXT), to="alice@acme.example")
    text, html = str(message.body), str(message.alternatives[0][0])
    assert "You get this mail because" in text
    assert "You get this mail because" in html
    assert html.count("<a ") == 1
    assert "<img" not in html, "nothing tells us that somebody reads a mail"
    assert "\n" not in message.subject
    assert "!" not in text
    parsed = message_from_bytes(message.message().as_bytes())
    assert [part.get_content_type() for part in parsed.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert parsed["Auto-Submitted"] == "auto-generated"


def test_words_from_outside_are_escaped_in_html_and_plain_in_text():
    mail = MAILS["account/email/email_changed"](CONTEXT | {"to_email": "<b>&@x.example"})
    message = compose(mail, to="alice@acme.example")
    assert "<b>&@x.example" in str(message.body)
    assert "<b>" not in str(message.alternatives[0][0])
