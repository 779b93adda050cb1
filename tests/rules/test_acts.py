"""Every act that the audit log knows is recorded somewhere."""

import ast
from pathlib import Path

from tenants.acts import Act
from tests.rules import walk

# Acts that nothing records, and why there is a word for them all the same.
NOT_RECORDED: dict[str, str] = {}
# What nothing records yet: their features are on their way. Empty it as they come.
NOT_YET = {
    "ORGANIZATION_RENAMED", "ORGANIZATION_DELETION_ASKED", "ORGANIZATION_DELETED",
    "MEMBER_INVITED", "INVITATION_RESENT", "INVITATION_REVOKED", "MEMBER_JOINED", "ROLE_CHANGED",
    "OWNERSHIP_TRANSFERRED", "MEMBER_REMOVED", "MEMBER_LEFT", "PERSON_DELETION_ASKED", "PERSON_DELETED",
    "POLICY_CHANGED", "POLICY_APPLIED",
    "TENANT_LINKED", "TENANT_UNLINKED", "TENANT_APPROVED", "TENANT_WITHDRAWN",
    "APPROVAL_ASKED", "APPROVAL_MAILED", "APPROVAL_REMINDED", "APPROVAL_REVOKED", "APPROVAL_DECLINED",
    "APPROVAL_EXPIRED",
    "CONNECTION_MADE", "CONNECTION_RENEWED", "CONNECTION_BROKEN", "CONNECTION_RESTORED", "CONNECTION_PAUSED",
    "CONNECTION_RESUMED", "CONNECTION_DISCONNECTED", "CONNECTION_REMOVED",
    "EXPORT_ASKED", "EXPORT_READY", "EXPORT_FETCHED",
    "SUPPORT_SYNCED", "SUPPORT_FULL_ROUND", "SUPPORT_RESUBSCRIBED", "SUPPORT_ASKED_TO_RECONNECT", "SUPPORT_PAUSED",
    "SUPPORT_RESUMED", "SUPPORT_DISCONNECTED",
}  # fmt: skip
# They say what acts are called and how they look; naming one there records nothing.
WORDS = {Path("tenants/acts.py"), Path("tenants/presentation/activity.py")}


def named() -> set[str]:
    """The acts that our apps name where they could record them."""
    return {
        node.attr
        for path, tree in walk.modules()
        if path not in WORDS
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Act"
    }


def test_every_act_is_recorded_or_has_a_reason_not_to_be():
    found = named()
    assert "ORGANIZATION_FOUNDED" in found, "the search finds nothing, so nothing was checked"
    assert set(Act.__members__) - found - set(NOT_RECORDED) == NOT_YET - found, "record it, or say why not"


def test_the_reasons_are_not_stale():
    assert not set(NOT_RECORDED) & named(), "these are recorded: take them off the list"
    assert set(NOT_RECORDED) | NOT_YET <= set(Act.__members__)
    assert set(NOT_RECORDED).isdisjoint(NOT_YET)
