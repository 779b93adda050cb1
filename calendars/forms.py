"""What pages of calendars may be asked: bounded ranges of time, known views, ids."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

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


def sentences(form: forms.Form) -> list[str]:
    """What is wrong, in sentences, for a page or an answer that has no fields to put them by."""
    return [str(message) for messages in form.errors.values() for message in messages]
