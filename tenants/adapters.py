"""How allauth behaves here: our mails, our addresses, and a way back that stays inside this site."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar
from uuid import uuid4

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.forms import BaseForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string

from tenants import services
from tenants.addresses import is_inside
from tenants.crypto import SealError
from tenants.emails import Mail, queue
from tenants.models import User

log = structlog.get_logger(__name__)

_WITH_ACCOUNT = "You get this mail because an account at Almanac uses this address."
_WITHOUT_ACCOUNT = "You get this mail because somebody typed this address at Almanac."
_IGNORE = "If that was not you, there is nothing to do: without this link nothing happens."
_WAS_IT_YOU = "If that was not you, set a new password now: somebody else may know the old one."

Context = Mapping[str, Any]


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth comes without types
    """Named in settings.ACCOUNT_ADAPTER."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": "This account is closed.",
        "duplicate_email": "Your account has this address already.",
        "email_password_mismatch": "This address and this password do not belong together.",
        "incorrect_password": "This is not your password.",
        "invalid_password_reset": "This link does not work any more.",
        "too_many_login_attempts": "Too many failed tries. Wait a few minutes, then try again.",
        "enter_current_password": "This is not your password.",
        "max_email_addresses": "An account has at most %d addresses.",
    }

    def send_mail(self, template_prefix: str, email: str, context: Context) -> None:
        """
        Have said what allauth wants said, in our words; `template_prefix` is allauth's name of the occasion.

        It waits in a row like every mail, so a mail server that is slow or down makes no page slow or wrong, and no
        page tells by its pace whether an address has an account.
        """
        occasion = template_prefix.removeprefix("account/email/")
        # Each call is an occasion of its own: allauth has counted already how often somebody may ask.
        key = f"account:{occasion}:{uuid4().hex}"
        queue(MAILS[template_prefix](context), to=email, key=key, now=timezone.now())

    def send_account_already_exists_mail(self, email: str) -> None:
        """Instead of a second account; as slowly as for a first one, or the pace would tell who has one."""
        make_password(get_random_string(16))
        super().send_account_already_exists_mail(email)

    def save_user(self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True) -> User:
        """
        Raises:
            ImmediateHttpResponse: somebody has signed up with this address a moment ago, as with the second of two
                clicks. The answer is that of any sign-up; the mail is on its way already.
        """
        try:
            with transaction.atomic():
                saved: User = super().save_user(request, user, form, commit)
        except IntegrityError:
            raise ImmediateHttpResponse(self.respond_email_verification_sent(request, None)) from None
        return saved

    def is_safe_url(self, url: str | None) -> bool:
        """Whether somebody may be led there after signing in: a path of this site, nothing else."""
        return url is not None and is_inside(url)

    def is_ajax(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Pages only: allauth would answer scripts with JSON of its own making, and nothing of ours asks for it."""
        return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:  # noqa: ARG002
        # allauth counts failures per host as the request spells it, port included: whoever counts the port up would
        # never meet the limit.
        return str(credentials.get("email", "")).strip().lower()


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth comes without types
    """Named in settings.MFA_ADAPTER: what authenticators rest on is stored sealed."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "add_email_blocked": "While two-step sign-in is on, no address can be added.",
        "cannot_generate_recovery_codes": "Switch two-step sign-in on first.",
        "incorrect_code": "This is not the code of this moment. Wait for the next one and type that.",
        "unverified_email": "Confirm all your e-mail addresses first, or remove those that are not confirmed.",
    }

    def encrypt(self, text: str) -> str:
        return services.seal_second_factor(text)

    def decrypt(self, encrypted_text: str) -> str:
        """
        Raises:
            Unopenable: the seal's key is missing. Forms then say so; templates show nothing.
        """
        try:
            return services.unseal_second_factor(encrypted_text)
        except SealError:
            log.exception("second_factor_not_opened")
            raise Unopenable from None


class Unopenable(ValidationError):
    """A code cannot be compared, and it is not the person's fault."""

    # For templates: an answer that is not to be had is shown as nothing.
    silent_variable_failure = True

    def __init__(self) -> None:
        super().__init__("We cannot check codes just now. Our operators have been told; try again later.")


def _confirmation(context: Context) -> Mail:
    return Mail(
        subject="Confirm your e-mail address",
        heading="Is this your address?",
        paragraphs=("Confirm it, and your account at Almanac can use it.", "The link works for three days.", _IGNORE),
        button="Confirm this address",
        path=reverse("account_confirm_email", args=[context["key"]]),
        reason="You get this mail because somebody gave this address at Almanac.",
    )


def _already_here(_: Context) -> Mail:
    return Mail(
        subject="You have an account already",
        heading="You have an account already",
        paragraphs=(
            "Somebody tried to sign up at Almanac with this address. It has an account, so nothing has changed.",
            "If that was you, sign in. If you do not know your password any more, set a new one.",
            "To sign in with Microsoft, sign in once without it, then add it in the menu of your account.",
        ),
        button="Set a new password",
        path=reverse("account_reset_password"),
        reason=_WITH_ACCOUNT,
    )


def _no_account(_: Context) -> Mail:
    return Mail(
        subject="There is no account with this address",
        heading="There is no account with this address",
        paragraphs=(
            "Somebody asked for a new password at Almanac with this address, and no account uses it.",
            "If that was you, you may have signed up with another address. Otherwise there is nothing to do.",
        ),
        button="Sign up",
        path=reverse("account_signup"),
        reason=_WITHOUT_ACCOUNT,
    )


def _new_password_wanted(context: Context) -> Mail:
    return Mail(
        subject="Set a new password",
        heading="Set a new password",
        paragraphs=("Somebody asked for a new password for your account at Almanac.", _IGNORE),
        button="Set a new password",
        path=reverse("account_reset_password_from_key", kwargs={"uidb36": context["uid"], "key": context["key"]}),
        reason=_WITH_ACCOUNT,
    )


def _notice(
    heading: str,
    told: Callable[[Context], str],
    *,
    otherwise: str = _WAS_IT_YOU,
    button: str = "Set a new password",
    leads_to: str = "account_reset_password",
) -> Callable[[Context], Mail]:
    """A mail that tells of a change to an account, after the fact; `otherwise` is what to do about it."""

    def describe(context: Context) -> Mail:
        when = f"{context['timestamp']:%d %B %Y at %H:%M} UTC, from the network address {context['ip']}."
        return Mail(
            subject=heading,
            heading=heading,
            paragraphs=(told(context), f"This was on {when}", otherwise),
            button=button,
            path=reverse(leads_to),
            reason=_WITH_ACCOUNT,
        )

    return describe


# By allauth's name of the occasion, and ours for Microsoft; a test compares this with the templates that allauth ships.
MAILS: dict[str, Callable[[Context], Mail]] = {
    "account/email/email_confirmation": _confirmation,
    "account/email/email_confirmation_signup": _confirmation,
    "account/email/account_already_exists": _already_here,
    "account/email/unknown_account": _no_account,
    "account/email/password_reset_key": _new_password_wanted,
    "account/email/password_reset": _notice(
        "Your password was reset", lambda _: "A new password was set for your account by a link that we had mailed."
    ),
    "account/email/password_changed": _notice(
        "Your password was changed", lambda _: "The password of your account was changed."
    ),
    "account/email/password_set": _notice("Your password was set", lambda _: "Your account has a password now."),
    "account/email/email_changed": _notice(
        "Your main address was changed",
        lambda context: f"Your account now writes to {context['to_email']} instead of {context['from_email']}.",
    ),
    "account/email/email_confirm": _notice(
        "An address was confirmed", lambda _: "This address was confirmed for your account."
    ),
    "account/email/email_deleted": _notice(
        "An address was removed", lambda context: f"{context['deleted_email']} no longer belongs to your account."
    ),
    "mfa/email/totp_activated": _notice(
        "Two-step sign-in is on", lambda _: "From now on your account asks for a code of your app after the password."
    ),
    "mfa/email/totp_deactivated": _notice(
        "Two-step sign-in is off", lambda _: "Your account no longer asks for a code of your app after the password."
    ),
    "microsoft/email/added": _notice(
        "A Microsoft account opens your account",
        lambda context: f"{context['microsoft_account']} was added to your account: whoever has it can sign in as you.",
        otherwise="If that was not you, remove it and set a new password: somebody else may know the old one.",
        button="See what opens my account",
        leads_to="microsoft:identities",
    ),
    "microsoft/email/removed": _notice(
        "A Microsoft account was removed", lambda _: "A Microsoft account no longer opens your account."
    ),
    "mfa/email/recovery_codes_generated": _notice(
        "You have new recovery codes", lambda _: "New recovery codes were made for your account; the old ones are void."
    ),
}

# Made up, for the development address that shows every mail, and for the tests that look at them.
_SAMPLE_CONTEXT: Context = {
    "key": "made-up-key",
    "uid": "1",
    "timestamp": datetime(2027, 1, 31, 9, 30, tzinfo=UTC),
    "ip": "192.0.2.1",
    "from_email": "alice@acme.example",
    "to_email": "alice.moreau@acme.example",
    "deleted_email": "alice@acme.example",
    "microsoft_account": "alice.moreau@contoso.example",
}
SAMPLES: dict[str, Callable[[], Mail]] = {
    occasion.rsplit("/", 1)[-1].replace("_", "-"): partial(describe, _SAMPLE_CONTEXT)
    for occasion, describe in MAILS.items()
}
