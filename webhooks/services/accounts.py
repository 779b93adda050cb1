"""Ending a person's account: everything that they have in every organization, then the account itself."""

from datetime import datetime
from typing import Final

import structlog
from django.db import transaction

from tenants import doors as tenants_doors
from tenants import emails
from tenants.models import Membership, User
from tenants.scoping import organization_scope
from tenants.services.acting import LastOwner
from tenants.services.audit import Actor
from tenants.services.people import is_last_owner
from webhooks import emails as words
from webhooks.doors import ErasureKey
from webhooks.services.erasing import ask_for_person

log = structlog.get_logger(__name__)

# An organization that nobody is: in its scope no customer's row is to be seen.
NO_ORGANIZATION: Final = 0


class LastOwnerSomewhere(Exception):
    """These organizations, by name, would have no owner left."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(len(names))
        self.names = names


def owned_alone(user_id: int) -> list[str]:
    """Names of organizations that would have no owner without this person. Opens its own scopes."""
    names = []
    for place in tenants_doors.places_of(user_id):
        if place.is_being_deleted:
            continue
        with organization_scope(place.organization_id):
            member = Membership.objects.of(place.organization_id).filter(pk=place.membership_id).first()
            if member is not None and is_last_owner(member):
                names.append(place.name)
    return names


def ask_for_account(*, user: User, by: Actor, now: datetime) -> list[ErasureKey]:
    """
    A person wants their account deleted: nobody signs in with it from now on, and everything of theirs is to go.

    What is to be queued, for the door; beat finds it, too. All organizations together or none: one transaction, with
    one scope after the other. Asking again is harmless. Call it outside every scope.

    Raises:
        LastOwnerSomewhere: nothing was changed.
    """
    alone = owned_alone(user.pk)
    if alone:
        raise LastOwnerSomewhere(alone)
    begun = []
    with transaction.atomic():
        for place in tenants_doors.places_of(user.pk):
            if place.is_being_deleted:
                continue  # their place there goes with the organization
            with organization_scope(place.organization_id):
                member = Membership.objects.of(place.organization_id).get(pk=place.membership_id)
                try:
                    erasure = ask_for_person(member=member, by=by, now=now)
                except LastOwner as error:  # the other owner left a moment ago
                    raise LastOwnerSomewhere([place.name]) from error
            begun.append(ErasureKey(place.organization_id, erasure.pk))
        user.deletion_asked_at = user.deletion_asked_at or now
        user.is_active = False
        user.save(update_fields=["deletion_asked_at", "is_active"])
    log.info("account_erasure_asked", count=len(begun))
    return begun


def accounts_to_end() -> list[int]:
    """Ids of people who asked for it and have nothing left in any organization."""
    asked = list(User.objects.filter(deletion_asked_at__isnull=False).order_by("pk").values_list("pk", flat=True))
    return tenants_doors.accounts_to_end(asked) if asked else []


def end_account(*, user_id: int, now: datetime) -> bool:
    """Delete the account, if it is to be and nothing of it is left elsewhere; whether it was. Opens its own scopes."""
    if tenants_doors.places_of(user_id):
        return False
    # Django looks for places in organizations when it deletes a person. There are none, as was just seen, and should
    # one have come since, the database's own key holds the person.
    with organization_scope(NO_ORGANIZATION):
        user = User.objects.select_for_update().filter(pk=user_id, deletion_asked_at__isnull=False).first()
        if user is None:
            return False
        emails.queue(words.account_deleted(), to=user.email, key=f"account-deleted:{user.pk}", now=now)
        user.delete()
    log.info("account_erased")
    return True
