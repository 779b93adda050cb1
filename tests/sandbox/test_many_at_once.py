"""Many clients at once: nothing breaks, nobody waits for ever, and whoever catches up afterwards knows the truth."""

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random

from tests.sandbox.graph_side import ALICE, BOB, IMMUTABLE, JSON, Listener, StandIn, timed, weekly
from tests.sandbox.subscribing import wish
from tests.sandbox.test_graph_delta import END, START, Client, essence

CARLA = "carla.weber@contoso.example"
PEOPLE = (ALICE, BOB, CARLA)
ROOM = "room.ada@contoso.example"
CLIENTS, STEPS = 8, 25
# However busy the machine is, a client that waits this long waits for ever.
PATIENCE = 120
SCOPES = ("Calendars.ReadWrite", "Calendars.ReadWrite.Shared", "User.Read")
WINDOW = f"startDateTime={START}&endDateTime={END}"


class Visitor:
    """One client that does this and that, the same in every run; how it mixes with the others is up to the machine."""

    def __init__(self, stand_in: StandIn, listener: Listener, number: int, *, resets: bool) -> None:
        self.stand_in = stand_in
        self.listener = listener
        self.random = Random(number)  # noqa: S311 - the same in every run is what is wanted
        self.address = PEOPLE[number % len(PEOPLE)]
        self.http = stand_in.app.test_client()
        self.graph = stand_in.graph(self.address, SCOPES)
        self.link = f"/me/calendarView/delta?{WINDOW}"
        self.statuses: Counter[int] = Counter()
        self.acts: list[Callable[[], None]] = [
            self.add, self.add, self.rename, self.answer, self.remove, self.ask_several, self.follow, self.subscribe,
            self.look_around, self.edit_by_door, self.be_disturbed,
        ]  # fmt: skip
        if resets:
            self.acts.append(self.begin_again)

    def visit(self) -> Counter[int]:
        for _ in range(STEPS):
            self.random.choice(self.acts)()
        return self.statuses

    def ask(self, method: str, url: str, body: JSON | None = None) -> JSON:
        response = self.graph.call(method, url, body)
        self.statuses[response.status_code] += 1
        if response.status_code == 401:
            # After a reset nobody is signed in.
            self.graph = self.stand_in.graph(self.address, SCOPES)
        found: JSON = json.loads(response.data) if response.data else {}
        return found

    def knock(self, door: str, body: JSON) -> None:
        self.statuses[self.http.post(f"/_sandbox/{door}", json=body).status_code] += 1

    def some(self) -> str:
        found = self.ask("GET", f"/me/calendarView?{WINDOW}&$top=50").get("value", [])
        if not found:
            return "none"
        one = self.random.choice(found)
        return str(one["seriesMasterId"] or one["id"] if self.random.random() < 0.5 else one["id"])

    def event(self) -> JSON:
        day = f"2026-12-{self.random.randint(1, 28):02}"
        guests = [{"emailAddress": {"address": each}} for each in self.random.sample([*PEOPLE, ROOM], 2)]
        rule = {"recurrence": weekly(day, "monday")} if self.random.random() < 0.3 else {}
        return timed("Meeting", f"{day}T10:00:00", f"{day}T11:00:00", attendees=guests, **rule)

    # What can be done

    def add(self) -> None:
        self.ask("POST", "/me/events", self.event())

    def rename(self) -> None:
        self.ask("PATCH", f"/me/events/{self.some()}", {"subject": f"Number {self.random.random()}"})

    def answer(self) -> None:
        verb = self.random.choice(["accept", "tentativelyAccept", "decline", "cancel"])
        self.ask("POST", f"/me/events/{self.some()}/{verb}", {"comment": "So be it"})

    def remove(self) -> None:
        self.ask("DELETE", f"/me/events/{self.some()}")

    def ask_several(self) -> None:
        reads = [{"id": str(n), "method": "GET", "url": f"/me/calendarView?{WINDOW}"} for n in range(4)]
        header = {"Content-Type": "application/json"}
        write = {"id": "w", "method": "POST", "url": "/me/events", "headers": header, "body": self.event()}
        for one in self.ask("POST", "/$batch", {"requests": [*reads, write]}).get("responses", []):
            self.statuses[one["status"]] += 1

    def follow(self) -> None:
        page = self.ask("GET", self.link)
        self.link = page.get("@odata.nextLink") or page.get("@odata.deltaLink") or f"/me/calendarView/delta?{WINDOW}"

    def subscribe(self) -> None:
        self.ask("POST", "/subscriptions", wish(self.stand_in, self.listener))

    def look_around(self) -> None:
        schedule = {"schedules": list(PEOPLE), **{f"{name}Time": self.event()[name] for name in ("start", "end")}}
        self.ask("POST", "/me/calendar/getSchedule", schedule)
        for path in ("world", f"truth?mailbox={ALICE}", "requests", "subscriptions"):
            self.statuses[self.http.get(f"/_sandbox/{path}").status_code] += 1
        self.statuses[self.http.get(f"/mailbox/{BOB}/?week=2026-W50").status_code] += 1

    def edit_by_door(self) -> None:
        self.knock("edit", {"mailbox": self.random.choice(PEOPLE), "op": "create", "event": self.event()})
        self.knock("clock", {"advance": 1})

    def be_disturbed(self) -> None:
        mailbox = self.random.choice(PEOPLE)
        self.knock("subscriptions", {"mailbox": mailbox, "do": self.random.choice(["duplicate-next", "missed"])})
        self.knock("faults", {"match": {"path": "/me/events"}, "do": {"status": 429}, "times": 1})

    def begin_again(self) -> None:
        self.knock("reset", {"events": self.random.choice([0, 30])})


def storm(stand_in: StandIn, listener: Listener, first: int = 0, *, resets: bool = False) -> Counter[int]:
    """The statuses of all that the clients were answered; each of them comes to its end."""
    visitors = [Visitor(stand_in, listener, first + number, resets=resets) for number in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        done = [pool.submit(visitor.visit) for visitor in visitors]
        statuses = sum((each.result(PATIENCE) for each in done), Counter[int]())
    stand_in.http.delete("/_sandbox/faults")
    return statuses


def test_who_catches_up_after_others_have_been_busy_knows_the_truth(stand_in: StandIn, listener: Listener) -> None:
    followers = {address: Client(stand_in.graph(address, SCOPES)) for address in PEOPLE}
    for first in (0, 100):
        statuses = storm(stand_in, listener, first)
        assert not [status for status in statuses if status >= 500]
        assert {200, 201, 429} <= statuses.keys()
        for address, follower in followers.items():
            follower.catch_up()
            truth = stand_in.truth(START, END, mailbox=address)
            assert follower.seen() == sorted((essence(each) for each in truth), key=lambda each: str(each["id"]))


def test_resets_in_the_middle_of_everything_break_nothing(stand_in: StandIn, listener: Listener) -> None:
    statuses = storm(stand_in, listener, 200, resets=True)
    assert not [status for status in statuses if status >= 500]
    graph = stand_in.graph(ALICE, SCOPES)
    shown = graph.all(f"/me/calendarView?{WINDOW}", Prefer=IMMUTABLE)
    assert {each["id"] for each in shown} == {each["id"] for each in stand_in.truth(START, END)}
