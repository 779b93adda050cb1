"""`manage.py demo_people`: the people and the organization of a demonstration."""

import json
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tenants import doors, services
from tenants.models import Membership, User
from tenants.policies import Role
from tenants.scoping import organization_scope

PASSWORD = "almanac-demo"  # noqa: S105 - printed, and refused with DEBUG off
OWNER, MEMBER, SUPPORT = "alice@acme.example", "bob@acme.example", "support@almanac.example"


class Command(BaseCommand):
    """Makes what is missing, and leaves the rest as it is; prints the sign-ins as one line of JSON."""

    help = "Make the demonstration's people and organization (with DEBUG on only). Running it twice is harmless."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        if not settings.DEVELOPMENT:
            raise CommandError("Demonstration accounts have a password that everybody knows: with DEBUG on only.")
        alice = self._person(OWNER, "Alice Moreau")
        bob = self._person(MEMBER, "Bob Ito")
        support = self._person(SUPPORT, "Support", is_staff=True, is_superuser=True)
        if not Authenticator.objects.filter(user=support, type=Authenticator.Type.TOTP).exists():
            # `manage.py demo_code` is the phone.
            TOTP.activate(support, generate_totp_secret())
        organization_id = doors.organization_by_slug("acme")
        if organization_id is None:
            now = timezone.now()
            organization_id = services.found_organization(name="Acme", slug="acme", by=alice, now=now).organization_id
        with organization_scope(organization_id):
            for person, role in ((alice, Role.OWNER), (bob, Role.MEMBER)):
                Membership.objects.of(organization_id).get_or_create(
                    organization_id=organization_id, user=person, defaults={"role": role, "created_at": timezone.now()}
                )
        printed = {"organization": "acme", "password": PASSWORD, "owner": OWNER, "member": MEMBER, "support": SUPPORT}
        self.stdout.write(json.dumps(printed))

    def _person(self, address: str, name: str, **rights: bool) -> User:
        person = User.objects.filter(email__iexact=address).first()
        if person is None:
            person = User.objects.create_user(address, PASSWORD, name=name, **rights)
        EmailAddress.objects.get_or_create(user=person, email=address, defaults={"verified": True, "primary": True})
        return person
