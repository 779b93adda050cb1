"""Changing the keys that secrets are sealed with."""

from connections.identity import place_of_secret
from connections.models import ApprovalRequest, Secret
from tenants.crypto import is_sealed_with_newest, seal, unseal


def reseal(*, organization_id: int) -> int:
    """
    Seal every token cache and open link of the organization with the newest key; how many were changed.

    Running it twice is harmless. Expects the organization's scope, and holds the row of each one that it changes until
    the scope ends. Sign-ins under way are left: they are over in ten minutes.

    Raises:
        SealError: one was sealed with a key that is not listed any more; nothing was changed.
    """
    changed = 0
    for secret in Secret.objects.of(organization_id).select_for_update().order_by("pk"):
        if is_sealed_with_newest(secret.sealed_cache):
            continue
        place = place_of_secret(secret.connection_id)
        secret.sealed_cache = seal(unseal(secret.sealed_cache, place=place), place=place)
        secret.save(update_fields=["sealed_cache"])
        changed += 1
    for request in ApprovalRequest.objects.of(organization_id).open().select_for_update(no_key=True).order_by("pk"):
        if is_sealed_with_newest(request.sealed_link):
            continue
        place = request.place_of_link
        request.sealed_link = seal(unseal(request.sealed_link, place=place), place=place)
        request.save(update_fields=["sealed_link"])
        changed += 1
    return changed
