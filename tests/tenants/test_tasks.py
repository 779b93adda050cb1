"""The base of tasks: in the organization's scope, or in none."""

import pytest
from celery import shared_task

from tenants.models import Membership
from tenants.policies import Role
from tenants.scoping import current_scope, organization_scope
from tenants.tasks import TenantTask
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@shared_task(base=TenantTask)
def promote(*, organization_id: int, membership_id: int, fail: bool = False) -> None:
    membership = Membership.objects.of(organization_id).get(pk=membership_id)
    membership.role = Role.ADMIN
    membership.save()
    if fail:
        raise LookupError


@shared_task(base=TenantTask, scoped=False)
def look_around(*, organization_id: int) -> str:
    return repr(current_scope())


def bob_in(cast: Cast) -> Membership:
    with organization_scope(cast.acme.pk):
        return Membership.objects.get(user=cast.bob)


def test_a_task_runs_in_the_scope_of_its_organization(cast: Cast):
    promote.apply(kwargs={"organization_id": cast.acme.pk, "membership_id": bob_in(cast).pk}, throw=True)
    assert bob_in(cast).role == Role.ADMIN
    assert current_scope() is None


def test_a_row_of_another_organization_is_not_found(cast: Cast):
    kwargs = {"organization_id": cast.globex.pk, "membership_id": bob_in(cast).pk}
    with pytest.raises(Membership.DoesNotExist):
        promote.apply(kwargs=kwargs, throw=True)
    assert bob_in(cast).role == Role.MEMBER


def test_a_task_that_fails_has_stored_nothing(cast: Cast):
    kwargs = {"organization_id": cast.acme.pk, "membership_id": bob_in(cast).pk, "fail": True}
    with pytest.raises(LookupError):
        promote.apply(kwargs=kwargs, throw=True)
    assert bob_in(cast).role == Role.MEMBER


def test_a_task_that_calls_microsoft_gets_no_scope(cast: Cast):
    assert look_around.apply(kwargs={"organization_id": cast.acme.pk}, throw=True).get() == "None"


def test_a_task_without_an_organization_does_not_run():
    with pytest.raises(KeyError, match="organization_id"):
        promote.apply(kwargs={"membership_id": 1}, throw=True)
