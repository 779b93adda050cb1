from django.apps import AppConfig

from tenants import scoping


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = "Organizations and people"

    def ready(self) -> None:
        scoping.guard_every_connection()
