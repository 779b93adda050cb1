"""Admin consent: the page for an administrator, and the answer that the app gets."""

from urllib.parse import urlencode

import pytest

from sandbox.directory import ALMANAC_ID, CONTOSO_ID, FABRIKAM_ID
from sandbox.identity.registrations import CLOSED_ID, ROOMS_ID
from tests.sandbox.browser import Browser, Page
from tests.sandbox.identity_platform import CALLBACK, Platform

FARID = "farid.nasser@fabrikam.example"
FIONA = "fiona.admin@fabrikam.example"
INES = "ines.admin@contoso.example"
ADAM = "adam.apps@contoso.example"
SCOPE = "openid https://graph.microsoft.com/Calendars.ReadWrite offline_access User.Read profile email"


def approval_url(platform: Platform, tenant: str, *, version: str = "/v2.0", **changes: str) -> str:
    parameters = {
        "client_id": ALMANAC_ID,
        "redirect_uri": CALLBACK,
        "state": "ours",
        **({"scope": SCOPE} if version else {}),
        **changes,
    }
    return f"{platform.url}/{tenant}{version}/adminconsent?{urlencode(parameters)}"


def signs_in(platform: Platform, address: str) -> Page:
    return Browser().sign_in(platform.authorize_url(), address)


def test_an_approval_lets_colleagues_sign_in_without_a_dialog(platform: Platform, browser: Browser) -> None:
    assert "Need admin approval" in signs_in(platform, FARID).text
    page = browser.choose(browser.get(approval_url(platform, "fabrikam.example")), FIONA)
    assert "Review for your organization" in page.text
    answer = browser.press(page, "accept")
    assert answer.location is not None
    assert answer.location.startswith(CALLBACK + "?")
    assert answer.answer["admin_consent"] == "True"
    assert answer.answer["tenant"] == FABRIKAM_ID
    assert answer.answer["state"] == "ours"
    assert "https://graph.microsoft.com/Calendars.ReadWrite" in answer.answer["scope"].split()
    other = Browser()
    assert "code" in other.choose(other.get(platform.authorize_url()), FARID).answer


def test_an_approval_of_named_permissions_gives_the_app_itself_nothing(platform: Platform, browser: Browser) -> None:
    page = browser.choose(browser.get(approval_url(platform, FABRIKAM_ID)), FIONA)
    browser.press(page, "accept")
    assert not platform.identity.consents.roles(platform.identity.almanac, FABRIKAM_ID)


@pytest.mark.parametrize("version", ["", "/v2.0"])
def test_the_whole_list_brings_application_permissions(platform: Platform, browser: Browser, version: str) -> None:
    more = {"scope": "https://graph.microsoft.com/.default"} if version else {}
    url = approval_url(platform, "organizations", version=version, **more)
    page = browser.choose(browser.get(url), FIONA)
    assert "Read and write calendars in all mailboxes" in page.text
    answer = browser.press(page, "accept").answer
    assert answer["tenant"] == FABRIKAM_ID
    assert ("scope" in answer) == bool(version)
    roles = platform.identity.consents.roles(platform.identity.almanac, FABRIKAM_ID)
    assert "Calendars.ReadWrite" in roles


def test_declining_is_told_with_admin_consent_in_it(platform: Platform, browser: Browser) -> None:
    page = browser.choose(browser.get(approval_url(platform, FABRIKAM_ID)), FIONA)
    answer = browser.press(page, "cancel").answer
    assert answer["error"] == "access_denied"
    assert answer["error_description"].startswith("AADSTS65004: ")
    assert answer["admin_consent"] == "True"
    assert answer["state"] == "ours"
    assert "tenant" not in answer
    assert "Need admin approval" in signs_in(platform, FARID).text


def test_who_is_no_administrator_cannot_approve(platform: Platform, browser: Browser) -> None:
    page = browser.choose(browser.get(approval_url(platform, FABRIKAM_ID)), FARID)
    assert "Need admin approval" in page.text
    assert page.location is None
    assert not page.forms


def test_the_administrator_of_another_tenant_cannot_approve(platform: Platform, browser: Browser) -> None:
    page = browser.choose(browser.get(approval_url(platform, FABRIKAM_ID)), INES)
    assert "AADSTS50020" in page.text
    assert page.location is None


def test_the_answer_is_a_get_even_if_a_form_post_is_asked_for(platform: Platform, browser: Browser) -> None:
    url = approval_url(platform, FABRIKAM_ID, response_mode="form_post")
    page = browser.press(browser.choose(browser.get(url), FIONA), "accept")
    assert page.status == 302


def test_wrong_requests_stay_on_the_page(platform: Platform, browser: Browser) -> None:
    for url, number in (
        (approval_url(platform, FABRIKAM_ID, redirect_uri="https://evil.example/"), 50011),
        (approval_url(platform, FABRIKAM_ID, client_id="nobody"), 700016),
        (approval_url(platform, "nowhere.example"), 90002),
        (approval_url(platform, "common"), 90100),
        (approval_url(platform, FABRIKAM_ID, scope=""), 900144),
        (approval_url(platform, FABRIKAM_ID, scope="Calendars.Reed"), 650053),
        (approval_url(platform, "consumers"), 500208),
    ):
        page = browser.get(url)
        assert page.location is None
        assert f"AADSTS{number}" in page.text


def test_an_application_administrator_approves_named_permissions_only(platform: Platform, browser: Browser) -> None:
    page = browser.choose(browser.get(approval_url(platform, CONTOSO_ID)), ADAM)
    assert browser.press(page, "accept").answer["admin_consent"] == "True"
    whole = approval_url(platform, CONTOSO_ID, scope="https://graph.microsoft.com/.default")
    assert "Need admin approval" in browser.choose(browser.get(whole), ADAM).text
    assert not platform.identity.consents.roles(platform.identity.almanac, CONTOSO_ID)


@pytest.mark.parametrize("tenant", ["common", "organizations", "contoso.example"])
def test_the_older_address_takes_every_kind_of_tenant_but_personal_accounts(
    platform: Platform, browser: Browser, tenant: str
) -> None:
    page = browser.choose(browser.get(approval_url(platform, tenant, version="")), INES)
    answer = browser.press(page, "accept").answer
    assert answer == {"admin_consent": "True", "tenant": CONTOSO_ID, "state": "ours"}
    assert "AADSTS500208" in browser.get(approval_url(platform, "consumers", version="")).text


def test_who_is_no_administrator_never_sees_the_form_of_a_request(platform: Platform, browser: Browser) -> None:
    platform.identity.set_consent("fabrikam.example", "requests-on")
    page = browser.choose(browser.get(approval_url(platform, FABRIKAM_ID)), FARID)
    assert "Need admin approval" in page.text
    assert not page.forms
    assert "Request Id" in page.text


def test_an_app_that_cannot_be_used_there_cannot_be_approved_there(platform: Platform, browser: Browser) -> None:
    rooms = {"client_id": ROOMS_ID, "redirect_uri": "http://localhost/rooms/"}
    assert "AADSTS50194" in browser.get(approval_url(platform, "organizations", **rooms)).text
    assert "AADSTS700016" in browser.get(approval_url(platform, FABRIKAM_ID, **rooms)).text
    closed = {"client_id": CLOSED_ID, "redirect_uri": "http://localhost/closed/"}
    assert "AADSTS7000112" in browser.get(approval_url(platform, FABRIKAM_ID, **closed)).text


def test_a_refusal_of_the_administrator_names_number_and_address(platform: Platform, browser: Browser) -> None:
    page = browser.choose(browser.get(approval_url(platform, FABRIKAM_ID)), FIONA)
    answered = browser.press(page, "cancel")
    assert answered.location is not None
    assert answered.location.startswith(CALLBACK + "?")
    assert answered.answer["error_uri"].endswith("code=65004")


def test_scripted_trouble_meets_the_administrator_too(platform: Platform, browser: Browser) -> None:
    platform.identity.script(FIONA, 53003)
    assert "AADSTS53003" in browser.choose(browser.get(approval_url(platform, FABRIKAM_ID)), FIONA).text
