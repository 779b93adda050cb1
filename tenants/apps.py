"""This app, and the Django admin as support staff see it."""

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin import apps as admin_apps

from tenants import checks, scoping


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = "Organizations and people"
    default = True

    def ready(self) -> None:
        scoping.guard_every_connection()
        if not settings.DEVELOPMENT:
            checks.refuse_unsafe_roles()
        # They need models, which are there only now.
        from allauth.mfa.signals import authenticator_added  # noqa: PLC0415

        from tenants.second_step import remember_set_up  # noqa: PLC0415

        authenticator_added.connect(remember_set_up, dispatch_uid="tenants.second_step")


class SupportDeskConfig(admin_apps.AdminConfig):
    """`django.contrib.admin` with our site; named in INSTALLED_APPS in its place."""

    default = False
    default_site = "tenants.support.SupportSite"
