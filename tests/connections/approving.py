"""A member who asks, and an administrator without an account who answers: both with a browser here and one there."""

import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from django.core import mail
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from connections.models import ApprovalRequest, ApprovalWaiter
from tenants import doors
from tenants.models import AuditEntry, MicrosoftTenant, Organization
from tenants.scoping import organization_scope
from tenants.services import mailing
from tests.connections.conftest import Traveller, post_back
from tests.sandbox.browser import Browser

FIONA = "fiona.admin@fabrikam.example"
FARID = "farid.nasser@fabrikam.example"
INES = "ines.admin@contoso.example"
FABRIKAM = "fabrikam.example"


@dataclass
class Requests:
    """What an organization's requests are now."""

    organization: Organization

    def all(self) -> list[ApprovalRequest]:
        with organization_scope(self.organization.pk):
            requests = ApprovalRequest.objects.of(self.organization).select_related("tenant")
            return list(requests.order_by("pk"))

    @property
    def one(self) -> ApprovalRequest:
        [found] = self.all()
        return found

    @property
    def tenant(self) -> MicrosoftTenant:
        with organization_scope(self.organization.pk):
            return MicrosoftTenant.objects.of(self.organization).get()

    def waiters(self) -> list[ApprovalWaiter]:
        with organization_scope(self.organization.pk):
            return list(ApprovalWaiter.objects.of(self.organization).order_by("pk"))

    def acts(self) -> list[str]:
        with organization_scope(self.organization.pk):
            entries = AuditEntry.objects.of(self.organization).order_by("pk")
            return [act for act in entries.values_list("act", flat=True) if act.startswith(("approval", "tenant"))]

    def change(self, **values: object) -> None:
        with organization_scope(self.organization.pk):
            ApprovalRequest.objects.of(self.organization).update(**values)


def ask(traveller: Traveller, company: str = FABRIKAM, **fields: object) -> str:
    """The path of the waiting page."""
    response = traveller.here.post(f"/o/{traveller.organization.slug}/ask/", {"company": company, **fields})
    assert response.status_code == 302, response.content.decode()
    return response.headers["Location"]


def link_on(traveller: Traveller, path: str) -> str:
    """The path of the link that the waiting page shows."""
    page = traveller.here.get(path).content.decode()
    [link] = re.findall(r'id="link"[^>]*value="([^"]+)"', page)
    return urlsplit(link).path


@dataclass
class Administrator:
    """Somebody who was sent a link."""

    link: str
    here: Client = field(default_factory=Client)
    there: Browser = field(default_factory=Browser)

    def open(self) -> HttpResponse:
        """The page that the link leads to."""
        response = self.here.get(self.link)
        return self.here.get(response.headers["Location"]) if response.status_code == 302 else response

    def press(self, button: str) -> HttpResponse:
        """`continue`, `decline` or `prove`."""
        return self.here.post(f"/approve/{button}/")

    def to_microsoft(self) -> str:
        self.open()
        response = self.press("continue")
        assert response.status_code == 303, response.content.decode()
        return response.headers["Location"]

    def state(self) -> str:
        return parse_qs(urlsplit(self.to_microsoft()).query)["state"][0]

    def decide(self, address: str = FIONA, answer: str = "accept") -> str:
        """Through Microsoft's page for administrators; where it sends the browser, as a path here."""
        page = self.there.choose(self.there.get(self.to_microsoft()), address)
        back = self.there.press(page, answer).location
        assert back is not None
        return inside(back)

    def come_back(self, path: str) -> HttpResponse:
        """Back here; from a claim on to Microsoft, where nobody has to press anything, and back again."""
        response = self.here.get(path)
        if response.status_code != 303:
            return response
        return self.return_with(self.there.get(response.headers["Location"]).answer)

    def return_with(self, answer: dict[str, str]) -> HttpResponse:
        posted = post_back(answer)
        return self.here.get(posted.headers["Location"]) if posted.status_code == 303 else posted

    def approve(self, address: str = FIONA) -> HttpResponse:
        """From the link to the last page."""
        return self.come_back(self.decide(address))


def inside(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def sent() -> list[tuple[str, str]]:
    """Send the mail that waits; address and subject of all that was ever sent."""
    now = datetime.now(UTC)
    for mail_id in doors.waiting_mails(now):
        mailing.send(mail_id=mail_id, now=now)
    return [(one.to[0], str(one.subject)) for one in mail.outbox]


def words(response: HttpResponse) -> str:
    return response.content.decode()


def at_once(*calls: object) -> list[object]:
    """What each call returned or raised, all begun together, each on its own connection to the database."""
    barrier = threading.Barrier(len(calls))
    results: list[object] = [None] * len(calls)

    def run(place: int) -> None:
        barrier.wait()
        try:
            results[place] = calls[place]()  # type: ignore[operator]
        except Exception as error:  # noqa: BLE001 - it is the result
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
