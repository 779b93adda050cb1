"""Accounts in a real browser: Microsoft, two-step sign-in, an organization that asks for it. Each page passes axe."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from playwright.sync_api import Page

from connections.models import MicrosoftIdentity
from tenants.models import Organization
from tenants.scoping import organization_scope
from tests.cast import PASSWORD, Cast
from tests.journeys.test_accessibility import judge, sight, sign_in
from tests.mailing import deliver
from tests.sandbox_client import SandboxClient

__all__ = ["sight"]

Look = Callable[[str], None]
# Both widths and both themes, in two runs.
TWICE = pytest.mark.parametrize("sight", [(360, "dark"), (1280, "light")], indirect=True, ids=["phone", "desk"])
pytestmark = [TWICE, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def look(sight: tuple[Page, str], picture: Callable[[Page, str], Path]) -> Any:
    """`look("title")` takes a picture and asks axe; at the end nothing was found, nor refused by our policy."""
    tab, name = sight
    found: dict[str, Any] = {}
    refused: list[str] = []
    tab.on("console", lambda line: refused.append(line.text) if "Content Security Policy" in line.text else None)
    tab.on("pageerror", lambda error: refused.append(str(error)))

    def take(title: str) -> None:
        picture(tab, f"{title}-{name}")
        found.update(judge(tab, title))

    yield take
    assert found == {}, json.dumps(found, indent=2)
    assert refused == []


def continue_with_microsoft(tab: Page) -> None:
    tab.get_by_role("button", name=re.compile("Microsoft")).click()
    tab.get_by_role("button", name=re.compile("bob.ito")).first.click()


def test_somebody_new_makes_an_account_with_microsoft_and_signs_in_with_it(
    sight: tuple[Page, str], look: Look, sandbox: SandboxClient
) -> None:
    tab, _ = sight
    tab.goto("/accounts/signup/")
    continue_with_microsoft(tab)
    tab.get_by_role("button", name="Accept").click()
    tab.wait_for_url("**/accounts/microsoft/new/")
    look("microsoft-new")
    tab.locator("input[name=email]").fill("bob@home.example")
    tab.get_by_role("button", name="Make my account").click()
    tab.wait_for_url("**/confirm-email/")
    tab.goto(re.findall(r"^http\S+$", str(deliver()[-1].body), re.MULTILINE)[0])
    tab.get_by_role("button", name="Yes, this is my address").click()
    tab.wait_for_url("**/new/")
    tab.goto("/accounts/microsoft/")
    look("microsoft-identities")
    tab.get_by_role("button", name=re.compile("Remove")).click()
    tab.get_by_text("This is your only way in").wait_for()
    look("microsoft-only-way-in")
    assert MicrosoftIdentity.objects.count() == 1

    tab.context.clear_cookies()
    tab.goto("/accounts/login/")
    continue_with_microsoft(tab)
    tab.wait_for_url("**/new/")


def test_an_organization_asks_for_a_second_step_and_lets_in_who_sets_it_up(
    sight: tuple[Page, str], look: Look, sandbox: SandboxClient
) -> None:
    tab, _ = sight
    acme = Cast.found().acme
    tab.goto("/accounts/login/")
    sign_in(tab)
    with organization_scope(acme.pk):
        Organization.objects.filter(pk=acme.pk).update(requires_second_factor=True)
    tab.goto("/o/acme/connections/")
    look("second-step-asked")
    tab.get_by_role("link", name="Set it up").click()
    tab.locator("input[name=password]").fill(PASSWORD)
    tab.get_by_role("button", name="Go on").click()
    tab.get_by_text("No camera?").click()
    look("second-step-set-up")
    key = re.sub(r"\s", "", tab.locator(".key-text").inner_text())
    tab.get_by_label("Six digits").fill("12")
    tab.get_by_role("button", name="Switch it on").click()
    tab.get_by_text("not the code of this moment").wait_for()
    tab.get_by_label("Six digits").fill(code_of(key))
    tab.get_by_role("button", name="Switch it on").click()
    tab.wait_for_url("**/recovery-codes/")
    look("recovery-codes")
    codes = tab.locator(".codes code").all_inner_texts()
    with tab.expect_download() as download:
        tab.get_by_role("link", name="Save as a text file").click()
    assert Path(download.value.path()).read_text().split()[-10:] == codes
    tab.get_by_role("link", name="I have kept them, go on").click()
    tab.wait_for_url("**/o/acme/connections/")
    tab.goto("/accounts/2fa/")
    look("second-step-on")

    tab.context.clear_cookies()
    tab.goto("/accounts/login/")
    tab.locator("input[name=login]").fill("alice@acme.example")
    tab.locator("input[name=password]").fill(PASSWORD)
    tab.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    tab.wait_for_url("**/2fa/authenticate/")
    look("second-step-code")
    tab.get_by_label("Code").fill(codes[0])
    tab.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    tab.wait_for_url("**/o/acme/")
    assert tab.get_by_text("asks for a second step").count() == 0


def code_of(key: str) -> str:
    """What an app would show that was given this key."""
    return format_hotp_value(hotp_value(key, next(yield_hotp_counters_from_time())))
