"""The base of every task on customers' rows, and mail."""

from typing import Any, ClassVar

import structlog
from celery import shared_task
from celery.contrib.django.task import DjangoTask
from django.db import transaction
from django.utils import timezone

from tenants import doors
from tenants.scoping import organization_scope
from tenants.services import mailing

# Beat asks again: a message that was not taken until then has been replaced.
TICK = 30.0


class TenantTask(DjangoTask[..., Any]):
    """
    A task that is given `organization_id` and runs inside that organization's scope: an id of another
    organization's row is simply not found.

    The scope is one transaction, so a body that raises (`self.retry` included) has stored nothing. A task whose
    service calls Microsoft is declared with `scoped=False`, and the service opens its own short scopes.

    Queued on commit, it is a message about what is stored already, and beat finds what lost its message. So without a
    broker there is a line in the log, and whoever wanted it is not told that nothing was done.
    """

    abstract = True
    scoped: ClassVar[bool] = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        organization_id: int = kwargs["organization_id"]
        with structlog.contextvars.bound_contextvars(organization=organization_id, task=self.name):
            if not self.scoped:
                return super().__call__(*args, **kwargs)
            with organization_scope(organization_id):
                return super().__call__(*args, **kwargs)

    # The stubs promise a result, which nobody can have before the commit.
    def delay_on_commit(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]  # see above
        self.apply_async_on_commit(args, kwargs)

    def apply_async_on_commit(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]  # see above
        def queue() -> None:
            self.apply_async(*args, **kwargs)

        transaction.on_commit(queue, robust=True)


@shared_task
def send_waiting_mail() -> None:
    """Beat, every few seconds: one small task for each mail whose time has come."""
    now = timezone.now()
    doors.give_up_stuck_mails(now)
    for mail_id in doors.waiting_mails(now):
        send_mail.apply_async(kwargs={"mail_id": mail_id}, expires=TICK)


@shared_task
def send_mail(*, mail_id: int) -> None:
    """Send one mail, or note when to try again. May run twice: the second one finds nothing to do."""
    mailing.send(mail_id=mail_id, now=timezone.now())


@shared_task
def forget_old_mails() -> None:
    """Beat, every day: the addresses of mails that are out are kept no longer than support needs them."""
    doors.forget_old_mails(timezone.now())
