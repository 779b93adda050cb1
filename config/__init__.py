"""The one place that mounts everything: settings, addresses, the timetable."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
