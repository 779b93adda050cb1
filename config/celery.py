"""The queue and the one timetable."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("almanac")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Where a task waits unless whoever queues it says otherwise; all others wait in `housekeeping`.
app.conf.task_routes = {
    "calendars.tasks.sync_calendar": {"queue": "changes"},
    "calendars.tasks.list_calendars": {"queue": "interactive"},
    "webhooks.tasks.listen_to_mailbox": {"queue": "interactive"},
    "webhooks.tasks.leave_mailbox": {"queue": "interactive"},
    "webhooks.tasks.disconnect_leaver": {"queue": "interactive"},
    "tenants.tasks.send_mail": {"queue": "interactive"},
}

# Every entry finds work by what the database says, so a second beat, or a missed tick, is harmless.
app.conf.beat_schedule = {
    # Renewal of Graph's subscriptions: half a life is more than three days, so every few hours is plenty.
    "reconcile-subscriptions": {
        "task": "webhooks.tasks.reconcile_subscriptions",
        "schedule": crontab(minute="7", hour="*/3"),
    },
    # New connections should be listened to within seconds, lost subscriptions be found soon.
    "reconcile-new-subscriptions": {
        "task": "webhooks.tasks.reconcile_unlistened",
        "schedule": 15.0,
    },
    # Marks that nobody has answered: a lost message, a killed worker, a wait that is over.
    "sync-marked-calendars": {"task": "calendars.tasks.sync_marked_calendars", "schedule": 30.0},
    # The net below notifications: whatever was not read for a while is read.
    "poll-quiet-calendars": {"task": "calendars.tasks.poll_quiet_calendars", "schedule": 300.0},
    # Somebody connected and closed the browser before our next page came.
    "list-unlisted-mailboxes": {"task": "calendars.tasks.list_unlisted_mailboxes", "schedule": 120.0},
    "list-calendars-again": {
        "task": "calendars.tasks.refresh_calendar_lists",
        "schedule": crontab(minute="23", hour="*/6"),
    },
    # The window moves with the days; the chain of links does not, so it is begun anew now and then.
    "move-windows": {"task": "calendars.tasks.move_windows", "schedule": crontab(minute="41", hour="3")},
    "forget-past-events": {"task": "calendars.tasks.forget_past_events", "schedule": crontab(minute="17", hour="2")},
    # What an admin decided is applied at once; this finds what lost its message on the way.
    "apply-changed-policies": {"task": "calendars.tasks.apply_changed_policies", "schedule": 60.0},
    # Whoever has left is out at once; what they had connected follows within the minute.
    "disconnect-leavers": {"task": "webhooks.tasks.disconnect_leavers", "schedule": 15.0},
    "finish-disconnections": {"task": "webhooks.tasks.finish_disconnections", "schedule": 300.0},
    "finish-erasures": {"task": "webhooks.tasks.finish_erasures", "schedule": 20.0},
    "finish-exports": {"task": "calendars.tasks.finish_exports", "schedule": 60.0},
    "forget-old-exports": {"task": "calendars.tasks.forget_old_exports", "schedule": 600.0},
    "send-waiting-mail": {"task": "tenants.tasks.send_waiting_mail", "schedule": 5.0},
    "forget-old-mails": {"task": "tenants.tasks.forget_old_mails", "schedule": crontab(minute="11", hour="4")},
    # Soon after the fact: somebody waits to be told.
    "close-approval-requests": {"task": "connections.tasks.close_approval_requests", "schedule": 60.0},
    "remind-administrators": {
        "task": "connections.tasks.remind_administrators",
        "schedule": crontab(minute="17"),
    },
    "forget-old-sign-ins": {"task": "connections.tasks.forget_old_sign_ins", "schedule": 600.0},
    # An administrator has approved: whoever waits for it sees their calendar come back.
    "try-waiting-connections": {"task": "connections.tasks.try_waiting_connections", "schedule": 30.0},
    "forget-old-deliveries": {
        "task": "webhooks.tasks.forget_old_deliveries",
        "schedule": crontab(minute="53", hour="4"),
    },
}
