"""What support staff type: why they do something."""

from django import forms

from tenants.forms import PlainText

REASON_LENGTH = 200


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
