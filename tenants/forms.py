"""What people may type, and what they are told when it cannot be."""

import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from tenants import doors, services

NAME_LENGTH = 100


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
