"""People, organizations, and who belongs where; and what every customer's row has in common."""

from typing import Any, ClassVar, Self, TypeVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from tenants.policies import Action, Role, may

Row_co = TypeVar("Row_co", bound=models.Model, covariant=True)


class TenantQuerySet(models.QuerySet[Row_co]):
    """Rows of customers. Every query begins with `.of(organization)`: the first wall."""

    def of(self, organization: "Organization | int") -> Self:
        key = organization if isinstance(organization, int) else organization.pk
        return self.filter(organization_id=key)


class TenantModel(models.Model):
    """A row that belongs to one organization. Its table is under a policy: see `tenants/protection.py`."""

    is_customer_data = True

    organization = models.ForeignKey("tenants.Organization", on_delete=models.CASCADE, related_name="+")

    class Meta:
        abstract = True


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


class Organization(models.Model):
    """Our customer. Its slug is its address: `/o/<slug>/`."""

    is_customer_data = True

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=50, unique=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"#{self.pk} {self.slug}"


class Membership(TenantModel):
    """A person in an organization, with a role."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    created_at = models.DateTimeField(default=timezone.now)

    objects = TenantQuerySet["Membership"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "user"], name="membership_unique"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.role} of organization {self.organization_id}"

    def may(self, action: Action) -> bool:
        return may(self.role, action)
