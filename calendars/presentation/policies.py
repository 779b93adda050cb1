"""The policies of an organization in words: each with its answers, what they change, and for whom."""

from collections.abc import Mapping
from typing import NamedTuple

from django.conf import settings

from calendars.services.weighing import Losses, Members, Stored, Turned
from calendars.sync.policy import is_less
from tenants.models import Access, Detail, Organization, TenantsAllowed
from tenants.services.policies import NAMES

_WRITING = (
    "Microsoft is asked for changing, too. Who is connected stays connected, and allows changes when they like. In "
    "many companies an administrator must approve that first."
)
_NO_MORE_WRITING = (
    "Almanac stops changing events at once. What people have granted stays at Microsoft until they or an administrator "
    "take it back there, at myapps.microsoft.com."
)


NOBODY = "Nobody would be disconnected."


class Answer(NamedTuple):
    """One way to decide. `effect` says what choosing it would take away; it may say that it takes nothing."""

    value: str
    label: str
    hint: str
    effect: str
    chosen: bool

    @property
    def is_harmless(self) -> bool:
        return self.effect in {NOBODY, ""}


class Question(NamedTuple):
    name: str
    icon: str
    title: str
    lead: str
    answers: list[Answer]
    errors: list[str]


class Weights(NamedTuple):
    """The numbers that the page shows: what is there, and whom each narrower answer would disconnect."""

    members: Members
    stored: Stored
    if_linked: Turned
    if_not_personal: Turned


def questions(
    organization: Organization,
    chosen: Mapping[str, str],
    weights: Weights,
    days: list[int],
    errors: Mapping[str, list[str]],
) -> list[Question]:
    """Every policy, with the answers that are `chosen` on the page at the moment."""
    members, stored = weights.members, weights.stored
    detail, now_kept = organization.detail, organization.days_back
    usual = settings.WINDOW_DAYS_BACK

    def question(name: str, icon: str, lead: str, *answers: tuple[str, str, str, str]) -> Question:
        made = [Answer(*answer, chosen=chosen.get(name) == answer[0]) for answer in answers]
        return Question(name, icon, NAMES[name], lead, made, list(errors.get(name, [])))

    def older(number: int) -> str:
        return removed(stored.older.get(number, 0)) if number < now_kept else ""

    return [
        question(
            "tenants_allowed",
            "building",
            _linked(members.linked),
            (TenantsAllowed.ANY, "Any company", "People connect with whatever work or school account they have.", ""),
            (
                TenantsAllowed.LINKED,
                "Only the companies linked here",
                "Accounts of other companies are refused, and told why.",
                disconnected(weights.if_linked.people) if organization.tenants_allowed == TenantsAllowed.ANY else "",
            ),
        ),
        question(
            "personal_accounts",
            "user-circle",
            "Accounts that belong to a person and to no company, such as Outlook.com or Hotmail.",
            ("yes", "Allowed", "", ""),
            (
                "no",
                "Not allowed",
                "Only accounts of companies and schools can be connected.",
                disconnected(weights.if_not_personal.people) if organization.personal_accounts else "",
            ),
        ),
        question(
            "access",
            "shield",
            _granted(organization, members),
            (
                Access.READ,
                "Read only",
                "Almanac asks Microsoft for reading, and changes nothing in Outlook.",
                _NO_MORE_WRITING if organization.access == Access.WRITE and members.writing else "",
            ),
            (
                Access.WRITE,
                "Read and change",
                _WRITING,
                "",
            ),
        ),
        question(
            "detail",
            "eye",
            f"Almanac holds {events(stored.events)} of {people(members.people)}, each for its owner alone.",
            (
                Detail.BUSY,
                "Only when somebody is busy",
                "Times, and whether busy, free or away. No subject, place, people, links or text.",
                f"{events(stored.events)} would lose everything else." if is_less(Detail.BUSY, detail) else "",
            ),
            (
                Detail.DETAILS,
                "Everything but the text",
                "Subject, place, people, and the link to join; not what is written into an event.",
                f"The texts of {events(stored.texts)} would be removed." if is_less(Detail.DETAILS, detail) else "",
            ),
            (Detail.FULL, "Everything", "Also the text that is written into an event.", ""),
        ),
        question(
            "past_days",
            "clock",
            "Events that are over are removed here after this time. In Outlook they stay.",
            *(
                ("usual", f"{usual} days", "As Almanac usually does.", older(usual))
                if number == usual
                else (str(number), f"{number} days", _in_years(number), older(number))
                for number in sorted({*days, usual})
            ),
        ),
    ]


def losses_in_words(losses: Losses) -> list[str]:
    """What goes, one sentence each."""
    said = []
    if losses.turned.people:
        said.append(f"{disconnected(losses.turned.people)} Almanac deletes their events here and tells them by mail.")
    if losses.emptied:
        said.append(f"{events(losses.emptied)} would lose everything but their times.")
    if losses.texts:
        said.append(f"The texts of {events(losses.texts)} would be removed.")
    if losses.past:
        said.append(removed(losses.past))
    return said


def people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"


def events(count: int) -> str:
    return "1 event" if count == 1 else f"{count:,} events"


def disconnected(count: int) -> str:
    return f"{people(count)} would be disconnected." if count else NOBODY


def removed(count: int) -> str:
    return f"{count:,} past {'event' if count == 1 else 'events'} would be removed."


def _linked(count: int) -> str:
    if count == 0:
        return "No Microsoft tenant is linked yet."
    return "1 Microsoft tenant is linked." if count == 1 else f"{count} Microsoft tenants are linked."


def _granted(organization: Organization, members: Members) -> str:
    if organization.access == Access.WRITE:
        return f"{members.writing} of {members.connections} connected mailboxes have allowed changes."
    return "Decides which permissions Microsoft asks people for."


def _in_years(days: int) -> str:
    return {365: "A year.", 730: "Two years."}.get(days, "")
