"""What the audit log can say that somebody did: a word of ours for each, and the sentence that people read."""

from enum import StrEnum


class Act(StrEnum):
    """Stored as text, for good: a value is never given another meaning."""

    ORGANIZATION_FOUNDED = "organization.founded"
    ORGANIZATION_RENAMED = "organization.renamed"
    ORGANIZATION_DELETION_ASKED = "organization.deletion-asked"
    ORGANIZATION_DELETED = "organization.deleted"
    MEMBER_INVITED = "member.invited"
    INVITATION_RESENT = "invitation.resent"
    INVITATION_REVOKED = "invitation.revoked"
    MEMBER_JOINED = "member.joined"
    ROLE_CHANGED = "member.role-changed"
    OWNERSHIP_TRANSFERRED = "member.ownership-transferred"
    MEMBER_REMOVED = "member.removed"
    MEMBER_LEFT = "member.left"
    PERSON_DELETION_ASKED = "person.deletion-asked"
    PERSON_DELETED = "person.deleted"
    POLICY_CHANGED = "policy.changed"
    POLICY_APPLIED = "policy.applied"
    TENANT_LINKED = "tenant.linked"
    TENANT_UNLINKED = "tenant.unlinked"
    TENANT_APPROVED = "tenant.approved"
    TENANT_WITHDRAWN = "tenant.withdrawn"
    APPROVAL_ASKED = "approval.asked"
    APPROVAL_LINK_RENEWED = "approval.link-renewed"
    APPROVAL_CLAIMED = "approval.claimed"
    APPROVAL_MAILED = "approval.mailed"
    APPROVAL_REMINDED = "approval.reminded"
    APPROVAL_REVOKED = "approval.revoked"
    APPROVAL_DECLINED = "approval.declined"
    APPROVAL_EXPIRED = "approval.expired"
    CONNECTION_MADE = "connection.made"
    CONNECTION_RENEWED = "connection.renewed"
    CONNECTION_BROKEN = "connection.broken"
    CONNECTION_RESTORED = "connection.restored"
    CONNECTION_PAUSED = "connection.paused"
    CONNECTION_RESUMED = "connection.resumed"
    CONNECTION_DISCONNECTED = "connection.disconnected"
    CONNECTION_REMOVED = "connection.removed"
    EXPORT_ASKED = "export.asked"
    EXPORT_READY = "export.ready"
    EXPORT_FETCHED = "export.fetched"
    ACTIVITY_EXPORTED = "activity.exported"
    SUPPORT_SYNCED = "support.synced"
    SUPPORT_FULL_ROUND = "support.full-round"
    SUPPORT_RESUBSCRIBED = "support.resubscribed"
    SUPPORT_ASKED_TO_RECONNECT = "support.asked-to-reconnect"
    SUPPORT_PAUSED = "support.paused"
    SUPPORT_RESUMED = "support.resumed"
    SUPPORT_DISCONNECTED = "support.disconnected"


SENTENCES: dict[Act, str] = {
    Act.ORGANIZATION_FOUNDED: "founded the organization",
    Act.ORGANIZATION_RENAMED: "renamed the organization",
    Act.ORGANIZATION_DELETION_ASKED: "asked for the organization to be deleted",
    Act.ORGANIZATION_DELETED: "deleted all that the organization had",
    Act.MEMBER_INVITED: "invited",
    Act.INVITATION_RESENT: "sent the invitation again to",
    Act.INVITATION_REVOKED: "took back the invitation of",
    Act.MEMBER_JOINED: "joined",
    Act.ROLE_CHANGED: "changed the role of",
    Act.OWNERSHIP_TRANSFERRED: "handed the organization over to",
    Act.MEMBER_REMOVED: "removed",
    Act.MEMBER_LEFT: "left",
    Act.PERSON_DELETION_ASKED: "asked for their data to be deleted",
    Act.PERSON_DELETED: "deleted the data of",
    Act.POLICY_CHANGED: "changed the policy",
    Act.POLICY_APPLIED: "applied the policies to what is stored",
    Act.TENANT_LINKED: "linked the Microsoft tenant",
    Act.TENANT_UNLINKED: "unlinked the Microsoft tenant",
    Act.TENANT_APPROVED: "approved Almanac for",
    Act.TENANT_WITHDRAWN: "found the approval withdrawn in",
    Act.APPROVAL_ASKED: "asked for an administrator's approval in",
    Act.APPROVAL_LINK_RENEWED: "made a new link for the approval of",
    Act.APPROVAL_CLAIMED: "came back from Microsoft with a yes, not yet proven, for",
    Act.APPROVAL_MAILED: "had the request for approval mailed for",
    Act.APPROVAL_REMINDED: "reminded the administrator of",
    Act.APPROVAL_REVOKED: "took back the request for approval in",
    Act.APPROVAL_DECLINED: "declined to approve Almanac for",
    Act.APPROVAL_EXPIRED: "let the request for approval expire in",
    Act.CONNECTION_MADE: "connected",
    Act.CONNECTION_RENEWED: "reconnected",
    Act.CONNECTION_BROKEN: "lost access to",
    Act.CONNECTION_RESTORED: "got access back to",
    Act.CONNECTION_PAUSED: "paused",
    Act.CONNECTION_RESUMED: "resumed",
    Act.CONNECTION_DISCONNECTED: "disconnected",
    Act.CONNECTION_REMOVED: "took away what was left of",
    Act.EXPORT_ASKED: "asked for an export of",
    Act.EXPORT_READY: "made the export of",
    Act.EXPORT_FETCHED: "fetched the export of",
    Act.ACTIVITY_EXPORTED: "exported the activity",
    Act.SUPPORT_SYNCED: "asked Microsoft for news of",
    Act.SUPPORT_FULL_ROUND: "began a full reading of",
    Act.SUPPORT_RESUBSCRIBED: "renewed the notifications of",
    Act.SUPPORT_ASKED_TO_RECONNECT: "asked the person to reconnect",
    Act.SUPPORT_PAUSED: "paused",
    Act.SUPPORT_RESUMED: "resumed",
    Act.SUPPORT_DISCONNECTED: "disconnected",
}

# Kinds of acts, as people filter by them: the name in addresses, the words, and how the acts of that kind begin.
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "people": ("People and roles", ("member.", "invitation.", "person.")),
    "organization": ("The organization and its policies", ("organization.", "policy.")),
    "approvals": ("Microsoft tenants and approvals", ("tenant.", "approval.")),
    "connections": ("Connected calendars", ("connection.",)),
    "exports": ("Exports", ("export.", "activity.")),
    "support": ("What Almanac's support did", ("support.",)),
}


def acts_of(kind: str) -> list[Act]:
    """The acts of one of `KINDS`."""
    return [act for act in Act if act.value.startswith(KINDS[kind][1])]
