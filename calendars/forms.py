"""What pages of calendars may be asked: bounded ranges of time, known views, ids."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from tenants.models import Access, Detail, TenantsAllowed
from tenants.services.policies import MOST_DAYS, Policies

LONGEST_RANGE = timedelta(days=366)
# Beyond these years neither the window of a calendar nor arithmetic with dates makes sense.
FIRST_YEAR, LAST_YEAR = 1900, 2200
MOST_IDS = 200
BIGGEST_ID = 2**63 - 1


class IdsField(forms.Field):
    """Ids of rows, each once, in the order given; none when absent. Whose rows they are is asked by the view."""

    widget = forms.MultipleHiddenInput
    default_error_messages = {
        "invalid": "Calendars are named by their numbers.",
        "too_many": f"At most {MOST_IDS} calendars can be asked for at once.",
    }

    def to_python(self, value: Any) -> list[int]:
        texts = list(value or ())
        if len(texts) > MOST_IDS:
            raise ValidationError(self.error_messages["too_many"], code="too_many")
        if not all(text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= BIGGEST_ID for text in texts):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return list(dict.fromkeys(map(int, texts)))


def sensible_year(value: date) -> None:
    """
    Raises:
        ValidationError: a year that nobody keeps a calendar for.
    """
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValidationError(f"The year must be between {FIRST_YEAR} and {LAST_YEAR}.", code="year")


class FeedForm(forms.Form):
    """Which events the browser's calendar asks for: [start, end), and of which calendars (all, if none is named)."""

    start = forms.DateTimeField(
        validators=[sensible_year],
        error_messages={"required": "Say from when: start.", "invalid": "start must be a moment in ISO 8601."},
    )
    end = forms.DateTimeField(
        validators=[sensible_year],
        error_messages={"required": "Say until when: end.", "invalid": "end must be a moment in ISO 8601."},
    )
    calendar = IdsField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        start, end = cleaned.get("start"), cleaned.get("end")
        if isinstance(start, datetime) and isinstance(end, datetime):
            if end <= start:
                raise ValidationError("end must be after start.")
            if end - start > LONGEST_RANGE:
                raise ValidationError("At most a year can be asked for at once.")
        return cleaned


class PlaceForm(forms.Form):
    """Where in time a page stands: a day, a way of showing it, and calendars; everything may be left out."""

    VIEWS = (("day", "Day"), ("week", "Week"), ("month", "Month"), ("agenda", "Agenda"))

    date = forms.DateField(
        required=False,
        input_formats=["%Y-%m-%d"],
        validators=[sensible_year],
        error_messages={"invalid": "The date must look like 2027-01-31."},
    )
    view = forms.ChoiceField(
        required=False,
        choices=VIEWS,
        error_messages={"invalid_choice": "There are four views: day, week, month and agenda."},
    )
    calendar = IdsField(required=False)


class ChooseForm(forms.Form):
    """The calendars of one connection that shall be followed; the others shall not."""

    calendar = IdsField(required=False)
    next = forms.CharField(required=False, max_length=2000)


_CHOOSE = "Choose one of the answers."


def _choice(choices: list[tuple[str, str]]) -> forms.ChoiceField:
    words = {"required": _CHOOSE, "invalid_choice": _CHOOSE}
    return forms.ChoiceField(choices=choices, error_messages=words)


def days_offered(current: int | None) -> list[int]:
    """How many days past events may stay, besides what the installation keeps; with what was once decided."""
    offered = {7, 30, 90, 180, 365, MOST_DAYS} - {settings.WINDOW_DAYS_BACK}
    return sorted(offered | ({current} if current else set()))


class PoliciesForm(forms.Form):
    """All policies of an organization, the moment of the last change that was seen, and whether losses are accepted."""

    USUAL = "usual"

    tenants_allowed = _choice(TenantsAllowed.choices)
    personal_accounts = _choice([("yes", "Allowed"), ("no", "Not allowed")])
    access = _choice(Access.choices)
    detail = _choice(Detail.choices)
    past_days = _choice([])
    seen = forms.CharField(required=False, max_length=40, error_messages={"max_length": _CHOOSE})
    confirm = forms.BooleanField(required=False)

    def __init__(self, *args: Any, past_days: int | None, **options: Any) -> None:
        super().__init__(*args, **options)
        days = self.fields["past_days"]
        assert isinstance(days, forms.ChoiceField)  # noqa: S101 - declared above
        days.choices = [(self.USUAL, ""), *((str(number), "") for number in days_offered(past_days))]

    def clean_seen(self) -> datetime | None:
        text: str = self.cleaned_data["seen"]
        try:
            return datetime.fromisoformat(text) if text else None
        except ValueError:
            raise ValidationError("Open this page anew, and choose again.", code="seen") from None

    @property
    def wanted(self) -> Policies:
        """What was chosen. Of a valid form only."""
        chosen = self.cleaned_data
        return Policies(
            tenants_allowed=chosen["tenants_allowed"],
            personal_accounts=chosen["personal_accounts"] == "yes",
            access=chosen["access"],
            detail=chosen["detail"],
            past_days=None if chosen["past_days"] == self.USUAL else int(chosen["past_days"]),
        )

    @classmethod
    def values_of(cls, policies: Policies) -> dict[str, str]:
        """The answers that stand for these policies."""
        return {
            "tenants_allowed": policies.tenants_allowed,
            "personal_accounts": "yes" if policies.personal_accounts else "no",
            "access": policies.access,
            "detail": policies.detail,
            "past_days": cls.USUAL if policies.past_days is None else str(policies.past_days),
        }


def sentences(form: forms.Form) -> list[str]:
    """What is wrong, in sentences, for a page or an answer that has no fields to put them by."""
    return [str(message) for messages in form.errors.values() for message in messages]
