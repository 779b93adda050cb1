"""Connecting a mailbox as a browser does, without one: our services on this side, the sandbox's pages on the other."""

from datetime import UTC, datetime

from django.conf import settings

from connections.services import begin_connect, finish_connect, keep_answer
from tenants.models import Membership, Organization, User
from tenants.scoping import organization_scope
from tests.sandbox.browser import Browser

SESSION = "the session of a browser that only walks"


def connect(*, organization: Organization, user: User, address: str) -> int:
    """The id of a connection that this member just made to the mailbox of `address`. Call it outside every scope."""
    with organization_scope(organization.pk):
        membership = Membership.objects.of(organization).get(user=user)
    url = begin_connect(
        organization_id=organization.pk,
        membership_id=membership.pk,
        session_key=SESSION,
        redirect_uri=f"{settings.ALMANAC_ORIGIN}/connections/callback/",
        now=datetime.now(UTC),
    )
    answer = Browser().sign_in(url, address).answer
    key = keep_answer(fields=answer, now=datetime.now(UTC))
    return finish_connect(key=key, session_key=SESSION, user_id=user.pk, now=datetime.now(UTC)).connection_id
