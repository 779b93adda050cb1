"""
What people see when something is refused, missing or broken.

These pages say nothing about what was asked for: another organization's page and one that never was are the same
bytes. The last one asks neither the database nor the session, since one of them may be what broke.
"""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return HttpResponse(loader.render_to_string("tenants/errors/400.html"), status=HTTPStatus.BAD_REQUEST)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return render(request, "tenants/errors/403.html", status=HTTPStatus.FORBIDDEN)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return render(request, "tenants/errors/404.html", status=HTTPStatus.NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    return HttpResponse(loader.render_to_string("tenants/errors/500.html"), status=HTTPStatus.INTERNAL_SERVER_ERROR)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """A form without our token: another site sent it, or the browser keeps no cookies, or the page is very old."""
    return HttpResponse(loader.render_to_string("tenants/errors/csrf.html"), status=HTTPStatus.FORBIDDEN)
