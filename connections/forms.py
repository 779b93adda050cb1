"""What people may say: when they press "Connect", ask an administrator, or link a Microsoft tenant."""

from allauth.account.forms import BaseSignupForm
from django import forms

from tenants.addresses import is_inside
from tenants.forms import PlainText

# Microsoft's own words for how insistent its page shall be.
PROMPTS = [
    ("", "as usual"),
    ("login", "sign in anew"),
    ("consent", "show the permissions"),
    ("select_account", "choose"),
]
LONGEST_PATH = 512


class ConnectForm(forms.Form):
    """All optional: how to ask at Microsoft, where to go afterwards, and which connection to renew."""

    prompt = forms.ChoiceField(choices=PROMPTS, required=False)
    next = forms.CharField(max_length=LONGEST_PATH, required=False, strip=True)
    connection = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False)

    def clean_next(self) -> str:
        """A path inside this site, or none: a stranger's link must not choose where people end up."""
        path: str = self.cleaned_data["next"]
        return path if is_inside(path) else ""


class ContinueForm(forms.Form):
    """Where to go after signing in with Microsoft."""

    next = forms.CharField(max_length=LONGEST_PATH, required=False, strip=True)

    def clean_next(self) -> str:
        path: str = self.cleaned_data["next"]
        return path if is_inside(path) else ""


class AccountForm(BaseSignupForm):  # type: ignore[misc]  # allauth comes without types
    """allauth's sign-up without a password: Microsoft vouches for the person, the mail for the address."""


class RemoveIdentityForm(forms.Form):
    """Which account at Microsoft shall open nothing here any more."""

    remove = forms.IntegerField(min_value=1, max_value=2**63 - 1)


class AskForm(forms.Form):
    """Which company decides, and whom to write to, if anybody."""

    company = PlainText(
        label="Your company's domain",
        max_length=320,
        error_messages={
            "required": "Say which company: the part of your work address after the @.",
            "max_length": "This is too long for a domain.",
        },
    )
    administrator = forms.EmailField(
        label="Your administrator's address (optional)",
        max_length=254,
        required=False,
        error_messages={"invalid": "This is not an e-mail address."},
    )
    # Asks although we know of an approval.
    anyway = forms.BooleanField(required=False)


class MailForm(forms.Form):
    """Whom to write to."""

    administrator = forms.EmailField(
        label="Your administrator's address",
        max_length=254,
        error_messages={"required": "Type the address to write to.", "invalid": "This is not an e-mail address."},
    )


class RemindForm(forms.Form):
    """How many reminders the person saw when they pressed the button: pressing twice is one reminder."""

    seen = forms.IntegerField(min_value=0, max_value=9, required=False)


class LinkForm(forms.Form):
    """A Microsoft tenant, by a domain of it or by its id. What it means, only Microsoft knows."""

    company = PlainText(
        max_length=320,
        label="Domain or tenant id",
        error_messages={
            "required": "Type a domain of your company, such as “contoso.com”.",
            "max_length": "This is too long for a domain.",
        },
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
