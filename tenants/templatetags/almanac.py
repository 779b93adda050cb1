"""What every page needs: icons, and moments said as people say them."""

from datetime import date, datetime, timedelta

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

EXACT = "l j F Y, H:i"
_STEPS = (
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
    (timedelta(seconds=1), "second"),
)


@register.simple_tag
def icon(name: str, label: str = "", extra: str = "") -> SafeString:
    """
    An icon of our sprite (`static/vendor/tabler-icons/icons.svg`), hidden from screen readers unless it has a label.

    `extra` names further CSS classes.
    """
    sprite = static("vendor/tabler-icons/icons.svg")
    classes = f"icon {extra}".rstrip()
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}#{}"></use></svg>', classes, label, sprite, name
        )
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>', classes, sprite, name)


@register.simple_tag
def ago(moment: datetime | None, never: str = "never") -> SafeString | str:
    """
    How long ago, in words, with the exact moment of the viewer's zone on hover.

    `static/js/times.js` keeps the words true while the page is open; it uses the same steps.
    """
    if moment is None:
        return never
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>',
        local.isoformat(timespec="seconds"),
        format_date(local, EXACT),
        ago_in_words(moment, timezone.now()),
    )


@register.simple_tag
def moment(when: datetime) -> SafeString:
    """A moment that may lie ahead: its day and time in the viewer's zone."""
    local = timezone.localtime(when)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        format_date(local, f"{EXACT} e"),
        format_date(local, "j M Y, H:i"),
    )


def ago_in_words(moment: datetime, now: datetime) -> str:
    """Such as "20 seconds ago" or "3 days ago"; beyond a month, the day itself."""
    age = now - moment
    if age < timedelta(seconds=5):
        return "just now"
    if age >= timedelta(days=31):
        return f"on {format_date(timezone.localtime(moment), 'j F Y')}"
    for step, name in _STEPS:
        count = age // step
        if count:
            return f"{count} {name}{'' if count == 1 else 's'} ago"
    return "just now"


@register.filter
def near(day: date) -> str:
    """Yesterday, Today or Tomorrow for the viewer; nothing for any other day."""
    return {-1: "Yesterday", 0: "Today", 1: "Tomorrow"}.get((day - timezone.localdate()).days, "")
