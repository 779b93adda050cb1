"""
Microsoft's Graph SDK for Python against the sandbox, with Microsoft's azure-identity for its tokens.

Where it had to be helped: both are given a transport that sends Microsoft's two hosts to the sandbox. Everything else,
headers, retries and links, is as in production.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from azure.core.credentials import TokenCredential
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import AuthorizationCodeCredential, ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphServiceClient
from msgraph.generated.models.attendee import Attendee
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.calendar import Calendar
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.day_of_week import DayOfWeek
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.event import Event
from msgraph.generated.models.event_type import EventType
from msgraph.generated.models.free_busy_status import FreeBusyStatus
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.patterned_recurrence import PatternedRecurrence
from msgraph.generated.models.recurrence_pattern import RecurrencePattern
from msgraph.generated.models.recurrence_pattern_type import RecurrencePatternType
from msgraph.generated.models.recurrence_range import RecurrenceRange
from msgraph.generated.models.recurrence_range_type import RecurrenceRangeType
from msgraph.generated.models.response_type import ResponseType
from msgraph.generated.models.subscription import Subscription
from msgraph.generated.users.item.calendar.get_schedule.get_schedule_post_request_body import (
    GetSchedulePostRequestBody,
)
from msgraph.generated.users.item.calendar_view.calendar_view_request_builder import CalendarViewRequestBuilder
from msgraph.generated.users.item.calendar_view.delta.delta_request_builder import DeltaRequestBuilder
from msgraph.generated.users.item.events.events_request_builder import EventsRequestBuilder
from msgraph.generated.users.item.events.item.accept.accept_post_request_body import AcceptPostRequestBody
from msgraph.generated.users.item.events.item.cancel.cancel_post_request_body import CancelPostRequestBody
from msgraph.generated.users.item.events.item.decline.decline_post_request_body import DeclinePostRequestBody
from msgraph.generated.users.item.events.item.instances.instances_request_builder import InstancesRequestBuilder
from msgraph.graph_request_adapter import GraphRequestAdapter, options
from msgraph_core import GraphClientFactory
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.tasks.page_iterator import PageIterator

from sandbox.directory import ALMANAC_ID, CONTOSO_ID
from tests.contract.stand_in import Microsoft, run
from tests.sandbox.graph_side import ALICE, BOB, Listener
from tests.sandbox.identity_platform import CALLBACK, SECRET

START, END = "2027-03-01T00:00:00Z", "2027-04-30T00:00:00+01:00"


def person(microsoft: Microsoft, address: str = ALICE) -> TokenCredential:
    """A credential of azure-identity for somebody who has signed in through the pages."""
    asked = {"client_id": ALMANAC_ID, "response_type": "code", "redirect_uri": CALLBACK, "scope": "Calendars.ReadWrite"}
    authorize = f"{microsoft.url}/{CONTOSO_ID}/oauth2/v2.0/authorize?{urlencode(asked)}"
    [code] = parse_qs(urlsplit(microsoft.sign_in(address, authorize)).query)["code"]
    return AuthorizationCodeCredential(
        CONTOSO_ID,
        ALMANAC_ID,
        code,
        CALLBACK,
        client_secret=SECRET,
        disable_instance_discovery=True,
        transport=RequestsTransport(session=microsoft.session(), session_owner=False),
    )


def app_itself(microsoft: Microsoft) -> TokenCredential:
    return ClientSecretCredential(
        CONTOSO_ID,
        ALMANAC_ID,
        SECRET,
        disable_instance_discovery=True,
        transport=RequestsTransport(session=microsoft.session(), session_owner=False),
    )


@asynccontextmanager
async def client(microsoft: Microsoft, credential: TokenCredential) -> AsyncIterator[GraphServiceClient]:
    async with httpx.AsyncClient(transport=microsoft.transport(), timeout=20) as carried:
        http = GraphClientFactory.create_with_default_middleware(client=carried, options=options)
        provider = AzureIdentityAuthenticationProvider(credential)
        yield GraphServiceClient(request_adapter=GraphRequestAdapter(provider, http))


def at(day: int, hour: int, zone: str = "W. Europe Standard Time") -> DateTimeTimeZone:
    return DateTimeTimeZone(date_time=f"2027-03-{day:02}T{hour:02}:00:00", time_zone=zone)


def meeting(subject: str, day: int = 2, **more: Any) -> Event:
    return Event(subject=subject, start=at(day, 9), end=at(day, 10), **more)


def view(**more: Any) -> RequestConfiguration[Any]:
    parameters = CalendarViewRequestBuilder.CalendarViewRequestBuilderGetQueryParameters
    return RequestConfiguration(query_parameters=parameters(start_date_time=START, end_date_time=END, **more))


def test_calendars_are_made_listed_and_deleted(microsoft: Microsoft) -> None:
    async def story() -> None:
        async with client(microsoft, person(microsoft)) as graph:
            me = await graph.me.get()
            assert me.user_principal_name == ALICE
            made = await graph.me.calendars.post(Calendar(name="Travel"))
            assert (made.name, made.can_edit, made.owner.address) == ("Travel", True, ALICE)
            names = [each.name for each in (await graph.me.calendars.get()).value]
            assert names == ["Calendar", "Private", "Travel"]
            await graph.me.calendars.by_calendar_id(made.id).delete()
            with pytest.raises(ODataError) as refused:
                await graph.me.calendars.by_calendar_id(made.id).get()
            assert refused.value.response_status_code == 404
            assert refused.value.error.code == "ErrorItemNotFound"
            assert refused.value.error.inner_error.request_id

    run(story())


def test_an_event_is_made_read_changed_and_deleted(microsoft: Microsoft) -> None:
    async def story() -> None:
        async with client(microsoft, person(microsoft)) as graph:
            body = ItemBody(content_type=BodyType.Html, content="<p>Bring plans</p>")
            made = await graph.me.events.post(meeting("Planning", body=body, show_as=FreeBusyStatus.Oof))
            assert made.type is EventType.SingleInstance
            assert (made.start.date_time, made.start.time_zone) == ("2027-03-02T08:00:00.0000000", "UTC")
            found = graph.me.events.by_event_id(made.id)
            changed = await found.patch(Event(subject="Planning, longer", end=at(2, 11)))
            assert changed.end.date_time == "2027-03-02T10:00:00.0000000"
            zone = RequestConfiguration()
            zone.headers.add("Prefer", 'outlook.timezone="Tokyo Standard Time", IdType="ImmutableId"')
            read = await found.get(zone)
            assert (read.start.date_time, read.start.time_zone) == (
                "2027-03-02T17:00:00.0000000",
                "Tokyo Standard Time",
            )
            assert (read.subject, read.show_as) == ("Planning, longer", FreeBusyStatus.Oof)
            assert read.id != made.id
            stale = RequestConfiguration()
            stale.headers.add("If-Match", made.additional_data["@odata.etag"])
            with pytest.raises(ODataError) as conflict:
                await found.patch(Event(subject="Too late"), stale)
            assert conflict.value.response_status_code == 412
            await found.delete()
            with pytest.raises(ODataError) as gone:
                await found.get()
            assert gone.value.error.code == "ErrorItemNotFound"

    run(story())


def test_lists_are_walked_page_by_page(microsoft: Microsoft) -> None:
    async def story() -> None:
        async with client(microsoft, person(microsoft)) as graph:
            for number in range(1, 24):
                await graph.me.events.post(meeting(f"Number {number:02}", number))
            wish = EventsRequestBuilder.EventsRequestBuilderGetQueryParameters(
                top=5, select=["subject", "start"], orderby=["start/dateTime"], count=True
            )
            first = await graph.me.events.get(RequestConfiguration(query_parameters=wish))
            assert (len(first.value), first.odata_count) == (5, 23)
            seen: list[str] = []
            pages = PageIterator(first, graph.request_adapter)
            await pages.iterate(lambda event: seen.append(event.subject) is None)
            assert seen == [f"Number {number:02}" for number in range(1, 24)]

    run(story())


def weekly() -> PatternedRecurrence:
    return PatternedRecurrence(
        pattern=RecurrencePattern(
            type=RecurrencePatternType.Weekly,
            interval=1,
            days_of_week=[DayOfWeek.Tuesday],
            first_day_of_week=DayOfWeek.Monday,
        ),
        range=RecurrenceRange(
            type=RecurrenceRangeType.Numbered,
            start_date=date(2027, 3, 2),
            number_of_occurrences=6,
        ),
    )


def test_a_series_is_expanded_over_a_change_of_clocks(microsoft: Microsoft) -> None:
    async def story() -> None:
        async with client(microsoft, person(microsoft)) as graph:
            master = await graph.me.events.post(meeting("Weekly", recurrence=weekly()))
            assert master.type is EventType.SeriesMaster
            assert master.recurrence.range.recurrence_time_zone == "W. Europe Standard Time"
            seen = await graph.me.calendar_view.get(view(top=50, orderby=["start/dateTime"]))
            assert [each.type for each in seen.value] == [EventType.Occurrence] * 6
            # The clocks go forward on 28 March 2027.
            assert [each.start.date_time[11:13] for each in seen.value] == ["08", "08", "08", "08", "07", "07"]
            second = graph.me.events.by_event_id(seen.value[1].id)
            assert (await second.patch(Event(subject="Once"))).type is EventType.Exception
            await graph.me.events.by_event_id(seen.value[2].id).delete()
            parameters = InstancesRequestBuilder.InstancesRequestBuilderGetQueryParameters(
                start_date_time=START, end_date_time=END
            )
            instances = await graph.me.events.by_event_id(master.id).instances.get(
                RequestConfiguration(query_parameters=parameters)
            )
            assert [each.subject for each in instances.value] == ["Weekly", "Once", "Weekly", "Weekly", "Weekly"]

    run(story())


def test_delta_is_followed_from_round_to_round(microsoft: Microsoft) -> None:
    async def story() -> None:
        async with client(microsoft, person(microsoft)) as graph:
            await graph.me.events.post(meeting("Weekly", recurrence=weekly()))
            single = await graph.me.events.post(meeting("Single", 9))
            parameters = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(
                start_date_time=START, end_date_time=END
            )
            wish = RequestConfiguration(query_parameters=parameters)
            wish.headers.add("Prefer", "odata.maxpagesize=3")
            tracked = graph.me.calendar_view.delta
            page = await tracked.get(wish)
            items = list(page.value)
            while page.odata_next_link:
                page = await tracked.with_url(page.odata_next_link).get()
                items += page.value
            assert [each.type for each in items].count(EventType.Occurrence) == 6
            assert {each.subject for each in items if each.subject} == {"Weekly", "Single"}
            await graph.me.events.by_event_id(single.id).delete()
            page = await tracked.with_url(page.odata_delta_link).get()
            [removed] = page.value
            assert removed.id == single.id
            assert removed.additional_data["@removed"] == {"reason": "deleted"}
            assert (await tracked.with_url(page.odata_delta_link).get()).value == []
            with pytest.raises(ODataError) as empty:
                await tracked.get()
            assert empty.value.response_status_code == 400

    run(story())


def test_an_invitation_is_accepted_declined_and_cancelled(microsoft: Microsoft) -> None:
    async def story() -> None:
        async with client(microsoft, person(microsoft)) as alice, client(microsoft, person(microsoft, BOB)) as bob:
            guest = Attendee(email_address=EmailAddress(address=BOB, name="Bob Ito"))
            made = await alice.me.events.post(meeting("Planning", attendees=[guest]))
            [invitation] = (await bob.me.events.get()).value
            assert (invitation.is_organizer, invitation.i_cal_u_id) == (False, made.i_cal_u_id)
            assert invitation.response_status.response is ResponseType.NotResponded
            answer = bob.me.events.by_event_id(invitation.id)
            await answer.accept.post(AcceptPostRequestBody(comment="ok", send_response=True))
            [attendee] = (await alice.me.events.by_event_id(made.id).get()).attendees
            assert attendee.status.response is ResponseType.Accepted
            await answer.decline.post(DeclinePostRequestBody(send_response=True))
            [attendee] = (await alice.me.events.by_event_id(made.id).get()).attendees
            assert attendee.status.response is ResponseType.Declined
            assert (await bob.me.events.get()).value == []
            with pytest.raises(ODataError) as own:
                await alice.me.events.by_event_id(made.id).accept.post(AcceptPostRequestBody())
            assert own.value.error.code == "ErrorInvalidRequest"
            await alice.me.events.by_event_id(made.id).cancel.post(CancelPostRequestBody(comment="Not today"))
            assert (await alice.me.events.get()).value == []

    run(story())


def test_free_and_busy_of_two_people(microsoft: Microsoft) -> None:
    async def story() -> None:
        async with client(microsoft, person(microsoft)) as graph:
            await graph.me.events.post(meeting("Secret", show_as=FreeBusyStatus.Tentative))
            wish = GetSchedulePostRequestBody(
                schedules=[ALICE, BOB, "nobody@contoso.example"],
                start_time=at(2, 8),
                end_time=at(2, 12),
                availability_view_interval=60,
            )
            mine, bobs, nobodys = (await graph.me.calendar.get_schedule.post(wish)).value
            assert (mine.availability_view, bobs.availability_view) == ("0100", "0000")
            [item] = mine.schedule_items
            assert (item.subject, item.status) == ("Secret", FreeBusyStatus.Tentative)
            assert nobodys.error.response_code
            assert mine.working_hours.days_of_week

    run(story())


def test_settings_and_zones_are_read(microsoft: Microsoft) -> None:
    async def story() -> None:
        microsoft.sandbox.identity.set_consent("contoso.example", "grant")
        async with client(microsoft, app_itself(microsoft)) as graph:
            settings = await graph.users.by_user_id(ALICE).mailbox_settings.get()
            assert settings.time_zone == "W. Europe Standard Time"
            assert settings.working_hours.start_time is not None
        async with client(microsoft, person(microsoft)) as graph:
            windows = {each.alias for each in (await graph.me.outlook.supported_time_zones.get()).value}
            assert "W. Europe Standard Time" in windows
            iana = graph.me.outlook.supported_time_zones_with_time_zone_standard("Iana")
            assert "Europe/Berlin" in {each.alias for each in (await iana.get()).value}

    run(story())


def test_the_app_itself_reaches_mailboxes_of_its_tenant_and_nobody_as_me(microsoft: Microsoft) -> None:
    async def story() -> None:
        async with client(microsoft, app_itself(microsoft)) as graph:
            made = await graph.users.by_user_id(BOB).events.post(meeting("For Bob"))
            assert made.organizer.email_address.address == BOB
            with pytest.raises(ODataError) as me:
                await graph.me.events.get()
            assert me.value.response_status_code == 400
            with pytest.raises(ODataError) as stranger:
                await graph.users.by_user_id("farid.nasser@fabrikam.example").events.get()
            assert stranger.value.response_status_code == 404

    run(story())


def test_a_subscription_lives_from_making_to_deleting(microsoft: Microsoft, listener: Listener) -> None:
    async def story() -> None:
        async with client(microsoft, person(microsoft)) as graph:
            ends = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
            wish = Subscription(
                change_type="created,updated,deleted",
                notification_url=listener.url,
                resource="me/events",
                expiration_date_time=ends,
                client_state="secret",
                lifecycle_notification_url=listener.url,
            )
            made = await graph.subscriptions.post(wish)
            assert made.expiration_date_time == ends
            assert [each.id for each in (await graph.subscriptions.get()).value] == [made.id]
            await graph.me.events.post(meeting("Tea"))
            [item] = listener.items(1)
            assert (item["subscriptionId"], item["changeType"]) == (made.id, "created")
            one = graph.subscriptions.by_subscription_id(made.id)
            later = ends + timedelta(hours=1)
            assert (await one.patch(Subscription(expiration_date_time=later))).expiration_date_time == later
            await one.reauthorize.post()
            with pytest.raises(ODataError) as twin:
                await graph.subscriptions.post(wish)
            assert twin.value.response_status_code == 409
            await one.delete()
            with pytest.raises(ODataError) as gone:
                await one.patch(Subscription(expiration_date_time=later))
            assert gone.value.response_status_code == 404

    run(story())


def test_a_batch_of_its_own_making_is_answered_part_by_part(microsoft: Microsoft) -> None:
    async def story() -> None:
        async with client(microsoft, person(microsoft)) as graph:
            content = BatchRequestContent()
            for ask in (graph.me.calendars.to_get_request_information(), graph.me.to_get_request_information()):
                content.add_request_information(ask)
            answer = await graph.batch.post(content, {"XXX": ODataError})
            assert [part.status for part in answer.responses.values()] == [200, 200]

    run(story())


def test_it_waits_and_tries_again_when_the_service_is_busy(microsoft: Microsoft) -> None:
    async def story() -> None:
        async with client(microsoft, person(microsoft)) as graph:
            microsoft.fault({"status": 503, "retry_after": 1}, "/me/events")
            assert (await graph.me.events.post(meeting("Tea"))).subject == "Tea"
            statuses = [each["status"] for each in microsoft.asked() if "/me/events" in each["path"]]
            assert statuses == [503, 201]

    run(story())


def test_it_gets_a_new_token_when_the_service_challenges_its_own(microsoft: Microsoft) -> None:
    async def story() -> None:
        async with client(microsoft, person(microsoft)) as graph:
            await graph.me.events.get()
            microsoft.sandbox.identity.set_tokens(ALICE, "challenge")
            await graph.me.events.get()
            statuses = [each["status"] for each in microsoft.asked() if "/me/events" in each["path"]]
            assert statuses == [200, 401, 200]

    run(story())
