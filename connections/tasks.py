"""What is done about connections behind people's backs."""

import structlog
from celery import shared_task
from django.utils import timezone

from connections import doors, services
from tenants.scoping import organization_scope

log = structlog.get_logger(__name__)


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
