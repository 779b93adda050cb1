"""A mailbox that we may open: who connected it, how it stands, and the sealed secrets apart from it."""

import uuid
from datetime import datetime
from typing import Final, Protocol, Self

from django.db import models
from django.db.models import Q

from tenants.models import Membership, MicrosoftTenant, TenantModel, TenantQuerySet, TenantsAllowed

# In which Microsoft keeps all accounts that belong to no company.
PERSONAL_TENANT: Final = uuid.UUID("9188040d-6c67-4c5b-b112-36a304b66dad")


class WhoMayConnect(Protocol):
    """What an organization has decided, or considers: itself, or values that somebody proposes."""

    @property
    def tenants_allowed(self) -> str: ...

    @property
    def personal_accounts(self) -> bool: ...


class Status(models.TextChoices):
    """How a connection stands; what to do next follows from it."""

    ACTIVE = "active", "Connected"
    RECONNECT = "reconnect", "Needs you to reconnect"
    APPROVAL = "approval", "Waits for an administrator"
    BLOCKED = "blocked", "Blocked"
    PAUSED = "paused", "Paused"
    DISCONNECTED = "disconnected", "Disconnected"


# In these somebody must act, because Microsoft refused something.
FAILED: Final = frozenset({Status.RECONNECT, Status.APPROVAL, Status.BLOCKED})
# The columns that keep the last failure.
FAILURE: Final = ("failed_at", "failed_request_id", "failed_code")


class Purpose(models.TextChoices):
    """What a trip to Microsoft is for; an answer is good for no other purpose."""

    CONNECT = "connect", "Connect a mailbox"
    APPROVE = "approve", "Prove an administrator's approval"


class ConnectionQuerySet(TenantQuerySet["Connection"]):
    def active(self) -> Self:
        return self.filter(status=Status.ACTIVE)

    def alive(self) -> Self:
        """All that somebody may still see and mend."""
        return self.exclude(status=Status.DISCONNECTED)

    def belonging_to(self, membership_id: int) -> Self:
        return self.filter(member_id=membership_id)

    def admitted(self, policies: WhoMayConnect, *, organization_id: int) -> Self:
        """Those of this organization's that may be connected by these policies, which need not be its own yet."""
        return self.filter(_admitted(policies, organization_id))

    def turned_away(self, policies: WhoMayConnect, *, organization_id: int) -> Self:
        """The others."""
        return self.exclude(_admitted(policies, organization_id))


def _admitted(policies: WhoMayConnect, organization_id: int) -> Q:
    """Personal accounts have a policy of their own: no company is linked that they could belong to."""
    companies = ~Q(tid=PERSONAL_TENANT)
    if policies.tenants_allowed == TenantsAllowed.LINKED:
        companies &= Q(tid__in=MicrosoftTenant.objects.of(organization_id).linked().values("tid"))
    return companies | Q(tid=PERSONAL_TENANT) if policies.personal_accounts else companies


class Connection(TenantModel):
    """
    One person's mailbox that we may open.

    `tid` and `oid` (Microsoft's tenant and object ids) are its identity; address and name are labels that may change.
    Reconnecting keeps the row and all that hangs on it.
    """

    member = models.ForeignKey("tenants.Membership", on_delete=models.CASCADE, related_name="connections")
    tid = models.UUIDField()
    oid = models.UUIDField()
    address = models.CharField(max_length=320, blank=True)
    display_name = models.CharField(max_length=256, blank=True)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.ACTIVE)
    # A code of ours, of which `connections/reasons.py` has the words; never Microsoft's free text.
    reason = models.CharField(max_length=64, blank=True)
    status_since = models.DateTimeField()
    scopes = models.JSONField(default=list)
    # Since when our access is unbroken: the last sign-in, or the return of an approval.
    connected_at = models.DateTimeField()
    succeeded_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    # Microsoft's request id of the last failure, for support tickets.
    failed_request_id = models.CharField(max_length=64, blank=True)
    # Microsoft's code of it, or the name of ours; `connections/reasons.py` has words for those that we know.
    failed_code = models.CharField(max_length=64, blank=True)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "tid", "oid"], name="connection_unique"),
        ]
        indexes = [models.Index(fields=["tid", "oid"], name="connection_mailbox")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.status}"

    def __repr__(self) -> str:
        return f"<Connection {self.pk} {self.status}>"

    @property
    def is_active(self) -> bool:
        return self.status == Status.ACTIVE

    def renew(self, *, member: Membership, address: str, display_name: str, scopes: list[str], now: datetime) -> None:
        """Somebody has signed in to this mailbox again: active from now on, and theirs. Saves."""
        self.member = member
        self.address, self.display_name, self.scopes = address, display_name, scopes
        if self.status != Status.ACTIVE:
            self.status, self.reason, self.status_since = Status.ACTIVE, "", now
        self.connected_at = now
        self.save(
            update_fields=[
                "member", "address", "display_name", "scopes", "status", "reason", "status_since", "connected_at"
            ]
        )  # fmt: skip

    def come_back(self, *, now: datetime) -> None:
        """
        Access is there again without a sign-in of the person's. Saves.

        `connected_at` moves as for a sign-in: what was read or promised before may have been lost since.
        """
        self.status, self.reason, self.status_since, self.connected_at = Status.ACTIVE, "", now, now
        self.save(update_fields=["status", "reason", "status_since", "connected_at"])

    @property
    def is_paused(self) -> bool:
        return self.status == Status.PAUSED

    def become(self, status: Status, *, reason: str = "", request_id: str = "", code: str = "", now: datetime) -> None:
        """
        Change state. `status_since` moves only when the state or its reason really changes; what somebody decided
        (a pause, a disconnection) is no failure. Saves.
        """
        if (self.status, self.reason) != (status, reason):
            self.status, self.reason, self.status_since = status, reason, now
        if status in FAILED:
            self.failed_at, self.failed_request_id, self.failed_code = now, request_id[:64], code[:64]
        self.save(update_fields=["status", "reason", "status_since", *FAILURE])


class Secret(TenantModel):
    """The sealed MSAL token cache of one connection, apart from it so that no listing ever loads it."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="secret")
    sealed_cache = models.BinaryField()
    home_account_id = models.CharField(max_length=128)
    refreshed_at = models.DateTimeField()

    objects = TenantQuerySet["Secret"].as_manager()

    def __str__(self) -> str:
        return f"secret of connection {self.connection_id}"

    def __repr__(self) -> str:
        return f"<Secret {self.pk}>"


class SignInFlow(TenantModel):
    """
    One trip to Microsoft that somebody began and nobody has finished.

    It is taken once, by deleting it, before anything in it is compared; ten minutes after its start it is void.
    """

    # A random key of the row's own, so that the seal can name the row before it has an id.
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state_digest = models.CharField(max_length=64, unique=True)
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    # Null for an administrator without an account here, who came by the link of an approval request.
    member = models.ForeignKey("tenants.Membership", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    approval = models.ForeignKey(
        "connections.ApprovalRequest", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    session_digest = models.CharField(max_length=64)
    # Set when an existing connection is renewed: only this mailbox may come back.
    expected_tid = models.UUIDField(null=True, blank=True)
    expected_oid = models.UUIDField(null=True, blank=True)
    return_path = models.CharField(max_length=512, blank=True)
    sealed_flow = models.BinaryField()
    expires_at = models.DateTimeField(db_index=True)

    objects = TenantQuerySet["SignInFlow"].as_manager()

    def __str__(self) -> str:
        return f"#{self.pk} {self.purpose}"

    def __repr__(self) -> str:
        return f"<SignInFlow {self.pk}>"


class SignInAnswer(TenantModel):
    """
    What Microsoft posted for a live flow, sealed, for two minutes.

    The POST comes from another site and has no session; the GET that follows has it. `key_digest` belongs to a
    one-time key that has nothing to do with the state.
    """

    flow = models.OneToOneField(SignInFlow, on_delete=models.CASCADE, related_name="answer")
    key_digest = models.CharField(max_length=64, unique=True)
    sealed_fields = models.BinaryField()
    expires_at = models.DateTimeField(db_index=True)

    objects = TenantQuerySet["SignInAnswer"].as_manager()

    def __str__(self) -> str:
        return f"answer to flow {self.flow_id}"

    def __repr__(self) -> str:
        return f"<SignInAnswer {self.pk}>"


class UnansweredSignIn(TenantModel):
    """
    A member went to Microsoft and never came back: perhaps Microsoft asked for an approval. The latest one of each.

    Pages offer to ask an administrator until the member says no (`dismissed_at`), asks, or connects after all.
    """

    member = models.ForeignKey("tenants.Membership", on_delete=models.CASCADE, related_name="+")
    began_at = models.DateTimeField()
    dismissed_at = models.DateTimeField(null=True, blank=True)

    objects = TenantQuerySet["UnansweredSignIn"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "member"], name="unanswered_sign_in_latest")]

    def __str__(self) -> str:
        return f"#{self.pk} of member {self.member_id}"


class ApprovalState(models.TextChoices):
    """How a request for an administrator's approval stands."""

    WAITING = "waiting", "Waits for an administrator"
    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"
    EXPIRED = "expired", "Not answered in time"
    REVOKED = "revoked", "Taken back"


class ApprovalRequestQuerySet(TenantQuerySet["ApprovalRequest"]):
    def open(self) -> Self:
        return self.filter(state=ApprovalState.WAITING)


class ApprovalRequest(TenantModel):
    """
    Somebody in this organization waits for an administrator of one Microsoft tenant; one open request per tenant.

    The link is for that administrator, who needs no account here. Its token is kept as a digest to find it by, and
    sealed to write it into reminders. It never stays open for ever: `expires_at`.
    """

    tenant = models.ForeignKey("tenants.MicrosoftTenant", on_delete=models.CASCADE, related_name="approval_requests")
    asked_by = models.ForeignKey(
        "tenants.Membership", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    state = models.CharField(max_length=12, choices=ApprovalState.choices, default=ApprovalState.WAITING)
    # The permissions that are asked for, as they were shown.
    scopes = models.JSONField(default=list)
    # A random key of the row's own, so that the seal can name the row before it has an id.
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    link_digest = models.CharField(max_length=64, unique=True)
    sealed_link = models.BinaryField()
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    administrator_address = models.EmailField(max_length=254, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)
    reminders = models.PositiveSmallIntegerField(default=0)
    reminded_at = models.DateTimeField(null=True, blank=True)
    # Microsoft sent somebody back who said yes: a claim. It says "try now", and proves nothing.
    claimed_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = ApprovalRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(state="waiting"), name="approval_request_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.state}"

    def __repr__(self) -> str:
        return f"<ApprovalRequest {self.pk} {self.state}>"

    @property
    def place_of_link(self) -> str:
        """Where the link is sealed to: by the row's own key, since the seal comes before the row has an id."""
        return f"connections_approvalrequest.sealed_link:{self.key}"

    def is_live(self, now: datetime) -> bool:
        return self.state == ApprovalState.WAITING and self.expires_at > now


class ApprovalWaiterQuerySet(TenantQuerySet["ApprovalWaiter"]):
    def present(self) -> Self:
        """Without those who have left the organization; with the people, the first to wait first."""
        still_here = self.filter(member__removed_at__isnull=True)
        return still_here.select_related("member__user").order_by("since", "pk")


class ApprovalWaiter(TenantModel):
    """A member who is told, once, how an approval request ended."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.CASCADE, related_name="waiters")
    member = models.ForeignKey("tenants.Membership", on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)

    objects = ApprovalWaiterQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "member"], name="approval_waiter_unique")]

    def __str__(self) -> str:
        return f"#{self.pk} of request {self.request_id}"


class MicrosoftIdentity(models.Model):
    """
    An account at Microsoft that a person signs in with, for as long as they want.

    It is a person's and no organization's. `tid` and `oid` are who it is; address and name are labels.
    """

    user = models.ForeignKey("tenants.User", on_delete=models.CASCADE, related_name="microsoft_identities")
    tid = models.UUIDField()
    oid = models.UUIDField()
    address = models.CharField(max_length=320, blank=True)
    display_name = models.CharField(max_length=256, blank=True)
    linked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tid", "oid"], name="microsoft_identity_unique")]

    def __str__(self) -> str:
        return f"#{self.pk} of person {self.user_id}"

    def __repr__(self) -> str:
        return f"<MicrosoftIdentity {self.pk}>"


class AccountPurpose(models.TextChoices):
    """What a trip to Microsoft is for that belongs to no organization."""

    SIGN_IN = "sign_in", "Sign in"
    LINK = "link", "Add to an account"


class AccountSignIn(models.Model):
    """
    One trip to Microsoft by which somebody wants to be recognized here, and what came back of it.

    Like a sign-in flow, but before any organization is known. Taken once, by deleting it; void after ten minutes, or
    two minutes after Microsoft's answer.
    """

    # A random key of the row's own, so that the seals can name the row before it has an id.
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state_digest = models.CharField(max_length=64, unique=True)
    purpose = models.CharField(max_length=16, choices=AccountPurpose.choices)
    # Whose account is added to; nobody's while signing in.
    user = models.ForeignKey("tenants.User", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    session_digest = models.CharField(max_length=64, db_index=True)
    return_path = models.CharField(max_length=512, blank=True)
    sealed_flow = models.BinaryField()
    # Of a one-time key that has nothing to do with the state; both are empty until Microsoft has answered.
    key_digest = models.CharField(max_length=64, null=True, blank=True, unique=True)
    sealed_fields = models.BinaryField(null=True, blank=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"#{self.pk} {self.purpose}"

    def __repr__(self) -> str:
        return f"<AccountSignIn {self.pk}>"


class LastRefusal(TenantModel):
    """
    A member's last trip to Microsoft connected nothing, for a reason that somebody else can solve; one for each member.

    Gone as soon as the member connects. `tenant` is where they seem to come from: the answer itself named none.
    """

    member = models.OneToOneField("tenants.Membership", on_delete=models.CASCADE, related_name="+")
    tenant = models.ForeignKey(
        "tenants.MicrosoftTenant", on_delete=models.SET_NULL, null=True, blank=True, related_name="refusals"
    )
    # A code of ours, of which `connections/reasons.py` has the words.
    reason = models.CharField(max_length=64)
    since = models.DateTimeField()
    refused_at = models.DateTimeField()

    objects = TenantQuerySet["LastRefusal"].as_manager()

    def __str__(self) -> str:
        return f"#{self.pk} {self.reason}"

    def __repr__(self) -> str:
        return f"<LastRefusal {self.pk} {self.reason}>"

    def repeat(self, *, tenant: MicrosoftTenant | None, reason: str, now: datetime) -> None:
        """Refused once more. How long it has been so counts from the first time. Saves."""
        self.tenant, self.reason, self.refused_at = tenant, reason, now
        self.save(update_fields=["tenant", "reason", "refused_at"])
