"""Signing out, and leaving nothing behind in the browser."""

from typing import Any

from allauth.account.views import LogoutView
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class SignOut(LogoutView):  # type: ignore[misc]  # allauth comes without types
    """allauth's page, asking first; and afterwards the browser forgets what it has kept of our pages."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        if request.method == "POST":
            response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response


sign_out = SignOut.as_view()
