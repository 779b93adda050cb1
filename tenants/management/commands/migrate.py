"""Django's `migrate`, as the role that owns the tables."""

from typing import Any

from django.conf import settings
from django.core.management.commands import migrate
from django.db import connection

from tenants import checks


class Command(migrate.Command):
    """
    Logs in as DATABASE_OWNER_URL says, if it is set: web and workers have no right to change tables, and the owner's
    right is for nothing else.
    """

    def handle(self, *args: Any, **options: Any) -> None:
        checks.allow_any_role()
        owner: dict[str, Any] = settings.DATABASE_OWNER
        if owner and connection.settings_dict["USER"] != owner["USER"]:
            connection.close()
            connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's connections have it
            connection.settings_dict.update(USER=owner["USER"], PASSWORD=owner["PASSWORD"])
        super().handle(*args, **options)
