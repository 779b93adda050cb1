"""The pages for what is refused, missing or broken."""

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory
from pytest_django import Settings

from tenants.views import errors


def test_the_page_for_what_broke_asks_nothing_and_nobody(settings: Settings):
    """No database (this test has none), no session, no request worth the name, no files collected for production."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    for page in (
        errors.server_error(HttpRequest()),
        errors.bad_request(HttpRequest()),
        errors.csrf_failure(HttpRequest()),
    ):
        assert b"</html>" in page.content


@pytest.mark.parametrize(
    ("view", "status"),
    [
        (errors.bad_request, 400),
        (errors.permission_denied, 403),
        (errors.page_not_found, 404),
        (errors.server_error, 500),
    ],
)
def test_they_are_for_people(view, status: int):
    request = RequestFactory().get("/")
    page = view(request)
    assert page.status_code == status
    text = page.content.decode()
    assert text.count("<h1") == 1
    assert text.count("btn-primary") == 1, "one button"
    assert "!" not in text.split("<main")[1].replace("<!--", "")
    assert "/static/" in text


@pytest.mark.parametrize(
    "path", ["/%00", "/o/%00/", "/%ff%fe", "/o/acme/%2e%2e/", "/" + "x" * 5000, "/o/" + "a" * 5000 + "/"]
)
def test_no_address_however_odd_is_a_500(db: None, path: str):
    assert Client(raise_request_exception=False).get(path).status_code in {302, 404}


@pytest.mark.parametrize(
    "cookie", ["session=%00", "session=" + "x" * 5000, "tz=\x00; session=1", "csrf=%ff; tz=%ff", "a"]
)
def test_no_cookie_however_odd_is_a_500(db: None, cookie: str):
    client = Client(raise_request_exception=False, headers={"cookie": cookie})
    for path in ("/", "/new/", "/o/acme/", "/admin/", "/accounts/login/"):
        assert client.get(path).status_code in {200, 302}
