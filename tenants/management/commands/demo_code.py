"""`manage.py demo_code`: what the app on the phone of the demonstration's support person would show."""

import time
from typing import Any

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tenants import services
from tenants.management.commands.demo_people import SUPPORT


class Command(BaseCommand):
    help = "Print the six digits that the demonstration's support person types now (with DEBUG on only)."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        if not settings.DEVELOPMENT:
            raise CommandError("With DEBUG on only: everybody's authenticators are their own.")
        found = Authenticator.objects.filter(user__email=SUPPORT, type=Authenticator.Type.TOTP).first()
        if found is None:
            raise CommandError("The demonstration's people are not there yet: `make run` makes them.")
        now = int(time.time())
        key = services.unseal_second_factor(found.data["secret"])
        code = format_hotp_value(hotp_value(key, now // app_settings.TOTP_PERIOD))
        self.stdout.write(f"{code}   (for {app_settings.TOTP_PERIOD - now % app_settings.TOTP_PERIOD} more seconds)")
