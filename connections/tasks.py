"""What is done about connections behind people's backs."""

import structlog
from celery import shared_task
from django.utils import timezone

from connections import doors, services
from connections.services import approvals, asking
from tenants.scoping import organization_scope
from tenants.tasks import TenantTask

log = structlog.get_logger(__name__)

# Beat asks again: a message that was not taken until then has been replaced.
TICK = 30.0


@shared_task(ignore_result=True)
def forget_old_sign_ins() -> None:
    """Beat, every ten minutes: sign-ins that nobody came back from leave nothing behind."""
    now = timezone.now()
    for organization_id in doors.organizations_with_old_sign_ins(now):
        with organization_scope(organization_id):
            count = services.forget_old_sign_ins(organization_id=organization_id, now=now)
        log.info("old_sign_ins_forgotten", organization=organization_id, count=count)
    count = services.forget_old_recognitions(now=now)
    if count:
        log.info("old_sign_ins_forgotten", count=count)


@shared_task(ignore_result=True)
def close_approval_requests() -> None:
    """Beat, every minute: requests that nobody answered in time, or whose tenant turned out to be approved."""
    for card in doors.requests_to_close(timezone.now()):
        close_approval_request.delay(organization_id=card.organization_id, request_id=card.id)


@shared_task(base=TenantTask, ignore_result=True)
def close_approval_request(*, organization_id: int, request_id: int) -> None:
    """End one request and tell those who wait. May run twice."""
    approvals.close(organization_id=organization_id, request_id=request_id, now=timezone.now())


@shared_task(ignore_result=True)
def remind_administrators() -> None:
    """Beat, every hour: administrators who were written to days ago, and have not answered."""
    now = timezone.now()
    for card in doors.requests_to_remind(now, after=asking.REMIND_AFTER, apart=asking.REMIND_APART):
        remind_administrator.delay(organization_id=card.organization_id, request_id=card.id)


@shared_task(base=TenantTask, scoped=False, ignore_result=True)
def remind_administrator(*, organization_id: int, request_id: int) -> None:
    """Write to one administrator again. Two at once write once: the second finds that somebody has."""
    try:
        asking.remind_if_due(organization_id=organization_id, request_id=request_id, now=timezone.now())
    except (asking.Closed, asking.NothingToRemind, asking.TooMany) as error:
        log.info("administrator_not_reminded", reason=type(error).__name__)


@shared_task(ignore_result=True)
def try_waiting_connections() -> None:
    """Beat, every 30 seconds: connections that an administrator has approved, and approvals that are in doubt."""
    for key in doors.connections_to_try():
        restore_connection.apply_async(kwargs=key._asdict(), expires=TICK)
    for key in doors.connections_to_ask_about():
        settle_doubt.apply_async(kwargs=key._asdict(), expires=TICK)


@shared_task(base=TenantTask, scoped=False)
def restore_connection(*, organization_id: int, connection_id: int) -> None:
    """One connection, one new token. May run twice."""
    services.restore(organization_id=organization_id, connection_id=connection_id, now=timezone.now())


@shared_task(base=TenantTask, scoped=False)
def settle_doubt(*, organization_id: int, connection_id: int) -> None:
    """Whether this connection's tenant is still approved. May run twice."""
    services.settle_doubt(organization_id=organization_id, connection_id=connection_id, now=timezone.now())
