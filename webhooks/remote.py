"""What we ask of Graph about subscriptions. Every call may raise what `GraphClient` raises."""

from datetime import datetime

from connections.graph import GraphClient, NotFound
from webhooks import payloads
from webhooks.payloads import Granted


def create(client: GraphClient, *, client_state: str, url: str, until: datetime) -> Granted:
    """
    Ask Graph to call `url` until `until` (it may grant less). Graph calls `url` for the handshake before it answers.

    Raises:
        graph.Conflict: this application listens to the mailbox already.
        payloads.Unreadable: the answer describes no subscription.
    """
    body = payloads.wish(client_state=client_state, url=url, until=until)
    return payloads.read_granted(client.post("/subscriptions", body))


def renew(client: GraphClient, graph_id: str, *, until: datetime) -> Granted:
    """
    Ask Graph to go on until `until` (it may grant less); this also answers a demand to reauthorize.

    Raises:
        graph.NotFound: Graph has forgotten it; never ask again, create anew.
        payloads.Unreadable: the answer describes no subscription.
    """
    return payloads.read_granted(client.patch(f"/subscriptions/{graph_id}", payloads.extension(until)))


def drop(client: GraphClient, graph_id: str) -> None:
    """End it. One that Graph has forgotten is ended already."""
    try:
        client.delete(f"/subscriptions/{graph_id}")
    except NotFound:
        return


def ours(client: GraphClient, url: str) -> list[str]:
    """
    Ids of this application's subscriptions on the mailbox's events that call `url`.

    Graph allows this question 25 times in 20 seconds for a whole tenant: only ask it after a `Conflict`.
    """
    found = []
    for page in client.pages("/subscriptions"):
        values = page.get("value")
        for answer in values if isinstance(values, list) else []:
            try:
                granted = payloads.read_granted(answer)
            except payloads.Unreadable:
                continue
            if granted.is_on_events and granted.notification_url == url:
                found.append(granted.id)
    return found
