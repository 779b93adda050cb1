"""People, organizations, and who belongs where."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from tenants.models.base import TenantModel, TenantQuerySet
from tenants.policies import Action, Role, may


class UserManager(BaseUserManager["User"]):
    """Makes people by their address; there are no user names."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    """A person with an account here. People sign in by address; the address identifies nobody at Microsoft."""

    username = None  # type: ignore[assignment]  # Django's documented way to do without
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField("e-mail address", max_length=254)
    name = models.CharField(max_length=150, blank=True)
    # From then on nobody signs in with it; the row goes once nothing is left in any organization.
    deletion_asked_at = models.DateTimeField(null=True, blank=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique")]

    def __str__(self) -> str:
        return f"person #{self.pk}"

    def __repr__(self) -> str:
        return f"<User {self.pk}>"

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email.split("@")[0]


class TenantsAllowed(models.TextChoices):
    """From which Microsoft tenants people may connect."""

    ANY = "any", "Any company"
    LINKED = "linked", "Only the companies linked here"


class Access(models.TextChoices):
    """What Almanac may do in a connected mailbox; decides which permissions Microsoft is asked for."""

    READ = "read", "Read only"
    WRITE = "write", "Read and change"


class Detail(models.TextChoices):
    """How much of an event is kept, from least to most."""

    BUSY = "busy", "Times and whether busy"
    DETAILS = "details", "Everything but the text"
    FULL = "full", "Everything"


class OrganizationQuerySet(models.QuerySet["Organization"]):
    def of(self, organization: "Organization | int") -> Self:
        """The one row, in the words of every query on customers' rows."""
        return self.filter(pk=organization if isinstance(organization, int) else organization.pk)


class Organization(models.Model):
    """
    Our customer, with its policies. Its slug is its address: `/o/<slug>/`.

    A row is never deleted: what remains of a deleted organization is this row without its name, because the audit log,
    which nobody may delete, belongs to it.
    """

    is_customer_data = True

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=50, unique=True)
    created_at = models.DateTimeField(default=timezone.now)

    requires_second_factor = models.BooleanField(default=False)
    tenants_allowed = models.CharField(max_length=12, choices=TenantsAllowed.choices, default=TenantsAllowed.ANY)
    personal_accounts = models.BooleanField(default=True)
    access = models.CharField(max_length=12, choices=Access.choices, default=Access.READ)
    detail = models.CharField(max_length=12, choices=Detail.choices, default=Detail.DETAILS)
    # How many days past events stay; null is what the installation keeps (WINDOW_DAYS_BACK).
    past_days = models.PositiveSmallIntegerField(null=True, blank=True)
    # A policy that was changed holds for what comes at once; what is stored follows, and is so once both are equal.
    policies_changed_at = models.DateTimeField(null=True, blank=True)
    policies_applied_at = models.DateTimeField(null=True, blank=True)

    # From the moment it is asked for nobody gets in; `deleted_at` is when nothing was left.
    deletion_asked_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = OrganizationQuerySet.as_manager()

    def __str__(self) -> str:
        return f"#{self.pk} {self.slug}"

    @property
    def days_back(self) -> int:
        """How many days past events stay."""
        return settings.WINDOW_DAYS_BACK if self.past_days is None else self.past_days

    @property
    def admits_everybody(self) -> bool:
        """Whether people may connect from any Microsoft tenant, and with personal accounts."""
        return self.tenants_allowed == TenantsAllowed.ANY and self.personal_accounts

    @property
    def are_policies_applied(self) -> bool:
        """Whether what is stored is as the policies say, and not only what comes."""
        return self.policies_applied_at == self.policies_changed_at


class MembershipQuerySet(TenantQuerySet["Membership"]):
    def present(self) -> Self:
        """Without those who have left."""
        return self.filter(removed_at__isnull=True)


class Membership(TenantModel):
    """
    A person in an organization, with a role.

    `removed_at` is the state that leaving leaves behind: from then on nobody comes in by it, and beat takes the
    person's connections away. Whoever is invited again gets the same row.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    created_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "user"], name="membership_unique"),
        ]
        indexes = [
            # Beat asks every few seconds who has left.
            models.Index(fields=["removed_at"], condition=Q(removed_at__isnull=False), name="membership_removed"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.role} of organization {self.organization_id}"

    @property
    def is_present(self) -> bool:
        return self.removed_at is None

    def may(self, action: Action) -> bool:
        return self.is_present and may(self.role, action)

    def leave(self, *, at: datetime) -> None:
        """Out from now on. Saves."""
        self.removed_at = at
        self.save(update_fields=["removed_at"])

    def come_back(self, *, role: Role, at: datetime) -> None:
        """A member again, since now. Saves."""
        self.role, self.created_at, self.removed_at = role, at, None
        self.save(update_fields=["role", "created_at", "removed_at"])


class InvitationQuerySet(TenantQuerySet["Invitation"]):
    def open(self) -> Self:
        """Neither used nor taken back; they may have expired."""
        return self.filter(accepted_at__isnull=True, revoked_at__isnull=True)


class Invitation(TenantModel):
    """
    A place in an organization that is kept for whoever has this address, until `expires_at`; used once.

    Of the link we keep a digest: sending it again makes a new one, and the old one is void.
    """

    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    link_digest = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            # In small letters, by the service.
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="invitation_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} into organization {self.organization_id}"

    def __repr__(self) -> str:
        return f"<Invitation {self.pk}>"

    def is_live(self, now: datetime) -> bool:
        return self.accepted_at is None and self.revoked_at is None and self.expires_at > now
