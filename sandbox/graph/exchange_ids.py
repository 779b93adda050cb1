"""`translateExchangeIds`: ids in another of their forms, up to a thousand at once."""

from typing import Any

from flask import Response

from sandbox import drafts
from sandbox.exchange_ids import Format, translated
from sandbox.graph.call import PROFILE, Call
from sandbox.graph.envelope import answer, context
from sandbox.graph.routing import mailbox
from sandbox.members import one_of, texts
from sandbox.refusals import Refusal, unreadable

MOST_IDS = 1000
_FORMAT = one_of(*Format)


@mailbox.route("POST", "translateExchangeIds")
def translate_ids(call: Call) -> Response:
    call.need_own(PROFILE)
    # Not within `_result`: that nobody has a mailbox is no fault of an id.
    _ = call.mailbox
    sent = call.body()
    given = drafts.given(sent, "inputIds")
    if given is None:
        raise unreadable("A list of ids was expected in 'inputIds'.")
    ids = texts(given)
    source, target = (Format(_FORMAT(drafts.given(sent, name))) for name in ("sourceIdType", "targetIdType"))
    if len(ids) > MOST_IDS:
        raise Refusal(400, "ErrorInvalidParameter", f"No more than {MOST_IDS} ids can be translated at once.")
    return answer(
        {
            "@odata.context": context("Collection(microsoft.graph.convertIdResult)"),
            "value": [_result(call, each, source, target) for each in ids],
        }
    )


def _result(call: Call, id_: str, source: Format, target: Format) -> dict[str, Any]:
    try:
        return {"sourceId": id_, "targetId": translated(call.mailbox, id_, source, target)}
    except Refusal as refused:
        # One that cannot be translated does not keep the others from it.
        return {"sourceId": id_, "errorDetails": {"code": refused.code, "message": refused.message}}
