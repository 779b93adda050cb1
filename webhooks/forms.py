"""What somebody types to show that they mean it."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError


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
