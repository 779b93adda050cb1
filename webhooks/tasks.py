"""Messages and beat: what Graph's calls, and their absence, set going."""

from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from celery import Task, shared_task
from django.utils import timezone

from calendars.tasks import sync_calendar
from connections.graph import GraphError
from tenants.tasks import TenantTask
from webhooks import doors
from webhooks.doors import Busy, Mailbox, Speaker
from webhooks.models import Delivery
from webhooks.payloads import Unreadable
from webhooks.services import accounts, erasing, leaving, subscriptions
from webhooks.services.marking import Sync

log = structlog.get_logger(__name__)

DELIVERIES_KEPT: Final = timedelta(days=7)
# A message that was not taken by the next tick of its beat is repeated by that one.
UNLISTENED_EXPIRES: Final = 60
SETTLE_EXPIRES: Final = 3600
# Seconds. Somebody else is at work on the mailbox: a talk with Graph takes a few.
BUSY_PAUSE: Final = 5
LEAVE_PAUSE: Final = 60.0
# A message that waits longer than the broker's visibility timeout would be delivered twice.
LONGEST_PAUSE: Final = 300.0
LEAVE_TRIES: Final = 4


@shared_task
def reconcile_subscriptions() -> None:
    """Beat, every few hours: one small task for each subscription that is not as it should be."""
    now = timezone.now()
    for subscription_id in doors.unsettled(now):
        _settle(subscription_id, expires=SETTLE_EXPIRES)
    _listen_to_the_unlistened(now)


@shared_task
def reconcile_unlistened() -> None:
    """Beat, every few seconds: mailboxes that we should be hearing of and are not, and subscriptions about to end."""
    now = timezone.now()
    for subscription_id in doors.urgent(now):
        _settle(subscription_id, expires=UNLISTENED_EXPIRES)
    _listen_to_the_unlistened(now)


def _listen_to_the_unlistened(now: datetime) -> None:
    for organization_id, connection_id in doors.unlistened(now):
        listen_to_mailbox.apply_async(
            kwargs={"organization_id": organization_id, "connection_id": connection_id}, expires=UNLISTENED_EXPIRES
        )


def _settle(subscription_id: int, *, expires: int) -> None:
    reconcile_subscription.apply_async(kwargs={"subscription_id": subscription_id}, expires=expires)


@shared_task(base=TenantTask, scoped=False)
def listen_to_mailbox(*, organization_id: int, connection_id: int) -> None:
    """Somebody has connected this mailbox, or follows it again: have Graph call us about it."""
    mailbox = doors.mailbox_of_connection(Speaker(organization_id, connection_id))
    if mailbox is not None:
        _reconcile(mailbox)


@shared_task(base=TenantTask, scoped=False, bind=True, max_retries=LEAVE_TRIES)
def recreate_subscription(self: Task[Any, Any], *, organization_id: int, connection_id: int) -> None:
    """
    Support wants the mailbox's subscription dropped and made anew. Running twice makes it anew twice.

    Should the message be lost, the old subscription goes on as before, and its page shows that.
    """
    mailbox = doors.mailbox_of_connection(Speaker(organization_id, connection_id))
    if mailbox is None:
        return
    try:
        _settle_mailbox(mailbox, anew=True)
    except Busy as error:
        raise self.retry(exc=error, countdown=BUSY_PAUSE) from error


@shared_task
def reconcile_subscription(*, subscription_id: int) -> None:
    """Renew, make anew, hand over or drop one subscription, as it needs. It belongs to no single organization."""
    mailbox = doors.mailbox_of_subscription(subscription_id)
    if mailbox is not None:
        _reconcile(mailbox)


def _reconcile(mailbox: Mailbox) -> None:
    try:
        _settle_mailbox(mailbox)
    except Busy:
        return


def _settle_mailbox(mailbox: Mailbox, *, anew: bool = False) -> None:
    try:
        settled = subscriptions.reconcile(mailbox=mailbox, now=timezone.now(), anew=anew)
    except (GraphError, Unreadable) as error:
        # Noted in the row with the moment from which beat may find it again.
        log.warning("subscription_not_settled", code=str(error))
        return
    log.info("subscription_settled", reason=settled.outcome.value)
    for sync in settled.syncs:
        queue_sync(sync)


def queue_sync(sync: Sync) -> None:
    """Queue the round of a calendar that was marked, after the mark was committed."""
    sync_calendar.apply_async(kwargs=sync._asdict())


def queue_sync_on_commit(sync: Sync) -> None:
    """The same for somebody who waits, in the transaction of the mark."""
    sync_calendar.apply_async_on_commit(kwargs=sync._asdict(), queue="interactive")


@shared_task(base=TenantTask, scoped=False, bind=True, max_retries=LEAVE_TRIES)
def leave_mailbox(self: Task[Any, Any], *, organization_id: int, connection_id: int) -> None:
    """Finish a disconnection. What cannot be finished now is tried again here, and after that by beat."""
    try:
        leaving.leave(organization_id=organization_id, connection_id=connection_id, now=timezone.now())
    except Busy as error:
        raise self.retry(exc=error, countdown=BUSY_PAUSE) from error
    except (GraphError, Unreadable) as error:
        asked = error.retry_after if isinstance(error, GraphError) else None
        raise self.retry(exc=error, countdown=min(asked or LEAVE_PAUSE, LONGEST_PAUSE)) from error


@shared_task
def finish_disconnections() -> None:
    """Beat, every five minutes: disconnections that were not finished, whatever came in between."""
    for organization_id, connection_id in doors.departures():
        leave_mailbox.apply_async(
            kwargs={"organization_id": organization_id, "connection_id": connection_id},
            queue="housekeeping",
            expires=SETTLE_EXPIRES,
        )


@shared_task
def disconnect_leavers() -> None:
    """Beat, every few seconds: one small task for each member who has left and is still connected."""
    for organization_id, member_id in doors.leavers():
        disconnect_leaver.apply_async(
            kwargs={"organization_id": organization_id, "member_id": member_id}, expires=UNLISTENED_EXPIRES
        )


@shared_task(base=TenantTask, scoped=False)
def disconnect_leaver(*, organization_id: int, member_id: int) -> None:
    """Disconnect what one member who has left had connected. May run twice: the second one finds nothing to do."""
    ended = leaving.disconnect_member(organization_id=organization_id, member_id=member_id, now=timezone.now())
    for connection_id in ended:
        leave_mailbox.apply_async(kwargs={"organization_id": organization_id, "connection_id": connection_id})


@shared_task
def forget_old_deliveries() -> None:
    """Beat, every night: one small task for each organization with deliveries of more than a week ago."""
    for organization_id in doors.organizations_with_deliveries_before(timezone.now() - DELIVERIES_KEPT):
        forget_deliveries.delay(organization_id=organization_id)


@shared_task(base=TenantTask)
def forget_deliveries(*, organization_id: int) -> None:
    """Delete one organization's deliveries of more than a week ago."""
    old = Delivery.objects.of(organization_id).filter(received_at__lt=timezone.now() - DELIVERIES_KEPT)
    old.delete()


@shared_task(base=TenantTask, scoped=False)
def erase(*, organization_id: int, erasure_id: int, is_first: bool = False) -> None:
    """Go on with a deletion; at first have its mailboxes left, too, which beat repeats by itself. May run twice."""
    left = erasing.erase(organization_id=organization_id, erasure_id=erasure_id, clock=timezone.now)
    if is_first:
        for connection_id in left:
            leave_mailbox.delay(organization_id=organization_id, connection_id=connection_id)


@shared_task
def finish_erasures() -> None:
    """Beat, every 20 seconds: deletions that are not finished, and accounts that have nothing left anywhere."""
    for key in doors.erasures_under_way():
        erase.apply_async(kwargs=key._asdict(), queue="housekeeping", expires=UNLISTENED_EXPIRES)
    for user_id in accounts.accounts_to_end():
        end_account.apply_async(kwargs={"user_id": user_id}, expires=UNLISTENED_EXPIRES)


@shared_task
def end_account(*, user_id: int) -> None:
    """Delete the account of somebody who asked for it, once nothing else of theirs is left. May run twice."""
    accounts.end_account(user_id=user_id, now=timezone.now())
