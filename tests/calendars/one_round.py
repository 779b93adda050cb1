"""One round in a process of its own, for tests that kill it; its arguments are the ids of organization and calendar."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.utils import timezone  # noqa: E402 - Django must be set up first

from calendars import services  # noqa: E402

if __name__ == "__main__":
    services.sync_calendar(organization_id=int(sys.argv[1]), calendar_id=int(sys.argv[2]), clock=timezone.now)
