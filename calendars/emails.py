"""Mails about exports: fixed words, and a link to the page, never to the file."""

from collections.abc import Callable

from tenants.emails import Mail


def export_ready(*, path: str, hours: int) -> Mail:
    return Mail(
        subject="Your export is ready",
        heading="Your export is ready",
        paragraphs=(
            "The file that you asked for at Almanac is ready. Only you can fetch it, signed in to your account.",
            f"It is there for {hours} hours and deleted afterwards. You can ask for a new one at any time.",
        ),
        button="Go to the page with the file",
        path=path,
        reason="You get this mail because you asked for an export at Almanac.",
    )


# Made up, for the development address that shows every mail, and for the tests that look at them.
SAMPLES: dict[str, Callable[[], Mail]] = {
    "export-ready": lambda: export_ready(path="/o/acme/my-data/", hours=24),
}
