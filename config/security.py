"""Headers that every answer carries, errors and redirects included: what a page may load, embed, send and remember."""

from collections.abc import Callable
from typing import Any, NoReturn

from django.conf import settings
from django.core.exceptions import SuspiciousMultipartForm
from django.core.files.uploadhandler import FileUploadHandler
from django.db import DatabaseError
from django.http import HttpRequest
from django.http.response import HttpResponseBase


def content_security_policy() -> str:
    """
    Nothing but our own files; forms go to ourselves and to Microsoft's sign-in.

    Browsers judge the redirect that answers a form, too: without the login host "Connect" would be blocked.
    """
    forms = " ".join(["'self'", *settings.LOGIN_ORIGINS_FOR_BROWSERS])
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            f"form-action {forms}",
        ]
    )


class SecurityHeadersMiddleware:
    """Sets what Django's own middleware does not: the content security policy, and no storing of private pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.policy = content_security_policy()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        if _is_private(request):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def _is_private(request: HttpRequest) -> bool:
    """Whether the answer may be somebody's own. Files and redirects to https know no user."""
    user = getattr(request, "user", None)
    try:
        return user is not None and user.is_authenticated
    except DatabaseError:
        # Nobody can say. The answer is the page for that, and must come with its headers.
        return True


class NoFiles(FileUploadHandler):
    """
    No form here takes a file. Django's own handlers would write whatever anybody posts to the disk, to its end, before
    a view or the check of the form's token sees the request.
    """

    def new_file(self, *_: Any, **__: Any) -> NoReturn:
        raise SuspiciousMultipartForm("a file, where no form takes one")
