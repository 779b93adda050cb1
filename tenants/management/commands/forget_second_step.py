"""`manage.py forget_second_step ADDRESS`: for somebody who has lost the phone and the recovery codes."""

from typing import Any

import structlog
from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.models import User

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = (
        "Switch two-step sign-in off for one person, after you have made sure by other means that it is they who ask. "
        "They sign in with the first step and set it up anew."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="the main address of their account")

    def handle(self, *args: Any, address: str, **options: Any) -> None:  # noqa: ARG002
        person = User.objects.filter(email__iexact=address.strip()).first()
        if person is None:
            raise CommandError("Nobody has an account with this main address.")
        count, _ = Authenticator.objects.filter(user=person).delete()
        log.info("second_step_forgotten", user=person.pk, count=count)
        self.stdout.write("Two-step sign-in is off for this account." if count else "It was not on; nothing changed.")
