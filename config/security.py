"""Headers that every answer carries, errors and redirects included: what a page may load, embed, send and remember."""

from collections.abc import Callable

from django.conf import settings
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
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store")
        return response
