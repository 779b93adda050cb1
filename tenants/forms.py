"""What people may type, and what they are told when it cannot be."""

import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from tenants import doors, services
from tenants.acts import KINDS
from tenants.models import ActorKind
from tenants.policies import Role, may_grant
from tenants.services.activity import Place, Wanted

NAME_LENGTH = 100
PERSONS_NAME_LENGTH = 150


class PlainText(forms.CharField):
    """One line of text: refuses what PostgreSQL or UTF-8 cannot keep, and what would hide or reorder text."""

    default_error_messages = {
        "invisible": "This contains characters that cannot be shown. Type it again, or paste it as plain text.",
    }

    def to_python(self, value: Any) -> str:
        text = unicodedata.normalize("NFC", super().to_python(value) or "")
        # Cc: control characters, NUL among them. Cs: halves of surrogate pairs. Cf: marks that turn text around;
        # the two joiners are needed to spell names in some languages, and to draw some emoji.
        if any(unicodedata.category(char) in {"Cc", "Cs", "Cf"} and char not in "\u200c\u200d" for char in text):
            raise ValidationError(self.error_messages["invisible"], code="invisible")
        return text


class OrganizationForm(forms.Form):
    """Name and address of a new organization. Without an address, one is made from the name."""

    name = PlainText(
        max_length=NAME_LENGTH,
        label="Name",
        error_messages={"required": "Give your organization a name."},
        widget=forms.TextInput(attrs={"autocomplete": "organization", "autofocus": True}),
    )
    slug = PlainText(
        max_length=services.SLUG_LENGTH,
        required=False,
        label="Address",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        slug = cleaned["slug"].lower() or services.suggest_slug(cleaned["name"])
        problem = problem_with_slug(slug)
        if problem:
            self.add_error("slug", problem)
        return cleaned | {"slug": slug}


def problem_with_slug(slug: str) -> str:
    """
    Why an organization cannot have this address, as a sentence for people; empty when it can.

    Asks in a scope of its own, so call it outside every scope.
    """
    if not slug:
        return "Choose an address: lower-case letters and digits."
    if slug in services.RESERVED_SLUGS:
        return "This address is kept for Almanac itself. Choose another one."
    if not services.is_allowed_slug(slug):
        return f"Use lower-case letters, digits and single hyphens between them, up to {services.SLUG_LENGTH}."
    if doors.organization_by_slug(slug) is not None:
        return "Another organization has this address. Choose another one."
    return ""


# Beyond these years nothing can have happened here.
FIRST_YEAR, LAST_YEAR = 2000, 2200
BIGGEST_ID = 2**63 - 1
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
# Whoever acted without being a member, as the filter names them.
_OTHERS = {
    ActorKind.SUPPORT.value: "Almanac's support",
    ActorKind.ADMINISTRATOR.value: "A Microsoft administrator",
    ActorKind.SYSTEM.value: "Almanac by itself",
}


def _sensible_year(value: date) -> None:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValidationError(f"The year must be between {FIRST_YEAR} and {LAST_YEAR}.", code="year")


class PlaceField(forms.CharField):
    """Where an older page begins, as our own links say it: microseconds since 1970, and an id."""

    default_error_messages = {"invalid": "This link to older entries is not complete. Begin with the newest ones."}

    def to_python(self, value: Any) -> Place | None:  # type: ignore[override]  # a field may be of any kind
        text = super().to_python(value) or ""
        if not text:
            return None
        moment, _, number = text.partition("-")
        if not all(part.isascii() and part.isdigit() and len(part) <= 19 for part in (moment, number)):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        if int(number) > BIGGEST_ID:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        try:
            return Place(_BEGINNING + timedelta(microseconds=int(moment)), int(number))
        except OverflowError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None


def place_in_words(place: Place) -> str:
    """What `PlaceField` reads."""
    return f"{(place.at - _BEGINNING) // timedelta(microseconds=1)}-{place.id}"


class ActivityForm(forms.Form):
    """Which part of the activity is wanted; everything may be left out. `people`: user ids and their names."""

    who = forms.ChoiceField(
        label="Who", required=False, error_messages={"invalid_choice": "Nobody of this organization is meant by this."}
    )
    kind = forms.ChoiceField(
        label="What",
        required=False,
        choices=[("", "Everything"), *((name, words) for name, (words, _) in KINDS.items())],
        error_messages={"invalid_choice": "There is no such kind of activity."},
    )
    since = forms.DateField(
        label="From",
        required=False,
        input_formats=["%Y-%m-%d"],
        validators=[_sensible_year],
        error_messages={"invalid": "The day must look like 2027-01-31."},
    )
    until = forms.DateField(
        label="Until",
        required=False,
        input_formats=["%Y-%m-%d"],
        validators=[_sensible_year],
        error_messages={"invalid": "The day must look like 2027-01-31."},
    )
    before = PlaceField(required=False)

    def __init__(self, *args: Any, people: Iterable[tuple[int, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = [(str(user_id), label) for user_id, label in people]
        who = self.fields["who"]
        assert isinstance(who, forms.ChoiceField)  # noqa: S101 - declared above
        who.choices = [("", "Everybody"), ("Members", members), ("Others", list(_OTHERS.items()))]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", "The last day must not be before the first one.")
        return cleaned

    @property
    def wanted(self) -> Wanted:
        """What a valid form asks for. Days are those of the viewer's zone."""
        given = self.cleaned_data
        who: str = given["who"]
        return Wanted(
            person=int(who) if who.isdigit() else None,
            actor_kind=ActorKind(who) if who and not who.isdigit() else None,
            kind=given["kind"],
            since=_midnight(given["since"]) if given["since"] else None,
            until=_midnight(given["until"] + timedelta(days=1)) if given["until"] else None,
        )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


# --- people -----------------------------------------------------------------------------------------------------------


# What each role means, said where one is chosen.
ROLE_WORDS = {
    Role.MEMBER: "connects calendars of their own and sees who else is here",
    Role.ADMIN: "also invites and removes people, brings Microsoft on board, and decides the policies",
    Role.OWNER: "also exports, hands over and deletes the organization",
}


class RoleForm(forms.Form):
    """A role, of those that somebody with the role `giver` may give."""

    role = forms.ChoiceField(
        label="Role",
        error_messages={
            "required": "Choose a role.",
            "invalid_choice": "This is not a role that you can give. Choose one of those below.",
        },
    )

    def __init__(self, *args: Any, giver: Role | str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.roles = [role for role in reversed(Role) if may_grant(giver, role)]
        role_field = self.fields["role"]
        assert isinstance(role_field, forms.ChoiceField)  # noqa: S101 - declared above
        role_field.choices = [(role.value, role.label) for role in self.roles]

    def explained_roles(self) -> list[tuple[str, str, str]]:
        """Each role that can be given: its value, its name, what it means."""
        return [(role.value, str(role.label), ROLE_WORDS[role]) for role in self.roles]

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class InvitationForm(RoleForm):
    """Whom to invite, and as what."""

    email = forms.EmailField(
        max_length=254,
        label="E-mail address",
        error_messages={
            "required": "Type the address of the person.",
            "invalid": "This is not an e-mail address. It looks like name@company.example.",
        },
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class NameForm(forms.Form):
    """What an organization is called."""

    name = PlainText(
        max_length=NAME_LENGTH,
        label="Name",
        error_messages={"required": "An organization needs a name."},
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )


class OwnNameForm(forms.Form):
    """What colleagues call the person who joins. Empty is fine."""

    name = PlainText(
        max_length=PERSONS_NAME_LENGTH,
        required=False,
        label="Your name",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class TypedForm(forms.Form):
    """One word, `wanted`, typed out: whoever does what cannot be taken back does not do it by a stray click."""

    typed = forms.CharField(
        max_length=320,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Type it, so that nothing happens by mistake."},
    )

    def __init__(self, *args: Any, wanted: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted = wanted
        self.fields["typed"].label = f"Type {wanted} to confirm"

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if typed.strip().casefold() != self.wanted.casefold():
            raise ValidationError(f"That is not {self.wanted}. Nothing was changed.")
        return typed


def searchable(text: str) -> str:
    """What somebody looks for, without what PostgreSQL cannot take."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()[:NAME_LENGTH].strip()
