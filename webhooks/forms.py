"""What people type: to show that they mean it, and why support does something."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from tenants.forms import PlainText

REASON_LENGTH = 200


class TypedForm(forms.Form):
    """One word, typed out: whoever deletes something for good does not do it by a stray click."""

    typed = forms.CharField(
        max_length=320,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Type it, so that nothing is deleted by mistake."},
    )

    def __init__(self, *args: Any, wanted: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted = wanted

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if typed.strip().casefold() != self.wanted.casefold():
            raise ValidationError(f"That is not {self.wanted}. Nothing was deleted.")
        return typed


class ReasonForm(forms.Form):
    """Why something is done about somebody's connection; the organization's admins read it in their activity."""

    reason = PlainText(
        max_length=REASON_LENGTH,
        label="Reason",
        help_text="One line. The organization's admins read it in their activity, with your address.",
        error_messages={
            "required": "Say in a few words why.",
            "max_length": f"Keep it to {REASON_LENGTH} characters.",
        },
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "form-control"}),
    )
