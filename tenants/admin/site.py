"""The admin's site: our sign-in, our staff, and only pages made for support."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from django.http import HttpRequest
from django.urls import path
from django.views.generic import RedirectView

from tenants.admin.base import SupportAdmin
from tenants.models import User

# Django's views that write, load whole rows of people too, or are ours below.
_LEFT_OUT = frozenset({"login", "logout", "password_change", "password_change_done", "view_on_site", "autocomplete"})


class SupportSite(AdminSite):
    """Signing in and out, and passwords, are the business of the pages that everybody uses."""

    site_header = "Almanac support"
    site_title = "Almanac support"
    index_title = "How things stand"
    site_url = "/"
    enable_nav_sidebar = False

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: "type[ModelAdmin[Any]] | None" = None,
        **options: Any,
    ) -> None:
        """
        Take subclasses of `SupportAdmin` only.

        Libraries register pages of their own that show addresses, keys of links and permissions; here they are not
        wanted, whichever libraries come one day.
        """
        if admin_class is not None and issubclass(admin_class, SupportAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        user: User | AnonymousUser = request.user
        return user.is_active and user.is_staff

    def get_urls(self) -> list[Any]:
        return [
            path("login/", RedirectView.as_view(pattern_name="admin:index"), name="login"),
            path("logout/", RedirectView.as_view(pattern_name="account_logout"), name="logout"),
            path(
                "password_change/", RedirectView.as_view(pattern_name="account_change_password"), name="password_change"
            ),
            *(url for url in super().get_urls() if getattr(url, "name", None) not in _LEFT_OUT),
        ]
