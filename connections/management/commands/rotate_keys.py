"""`manage.py rotate_keys`: after a new key was put in front of SEAL_KEYS, and before the old one is taken away."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connections import services
from tenants import services as of_tenants
from tenants.crypto import SealError
from tenants.doors import all_organizations
from tenants.scoping import organization_scope


class Command(BaseCommand):
    help = (
        "Seal every stored token and authenticator with the newest key of SEAL_KEYS. "
        "Harmless to run twice, and while people work."
    )

    def handle(self, *_: Any, **__: Any) -> None:
        changed, unreadable = 0, []
        for organization_id in all_organizations():
            try:
                with organization_scope(organization_id):
                    changed += services.reseal(organization_id=organization_id)
            except SealError:
                unreadable.append(str(organization_id))
        try:
            changed += of_tenants.reseal_second_factors()
        except SealError:
            unreadable.append("none (people's authenticators)")
        self.stdout.write(f"{changed} sealed anew.")
        if unreadable:
            raise CommandError(
                f"Organizations {', '.join(unreadable)}: something is sealed with a key that SEAL_KEYS does not list. "
                "Put that key back at the end of the list and run this again."
            )
