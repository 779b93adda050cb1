"""`supportedTimeZones`: the names that the mailbox's server knows, of Windows or of the zone database."""

from flask import Response

from sandbox import zone_names
from sandbox.graph.call import PROFILE, Call
from sandbox.graph.envelope import answer, context
from sandbox.graph.routing import mailbox
from sandbox.refusals import Refusal


@mailbox.route("GET", "outlook/supportedTimeZones(timeZoneStandard)")
def supported_time_zones(call: Call) -> Response:
    call.need_own(PROFILE)
    # Whoever has no mailbox has no server that could know any.
    _ = call.mailbox
    standard = call.parameters.get("timezonestandard", "windows")
    match standard.lower():
        case "windows":
            known = zone_names.windows(now=call.sandbox.clock.now(), new_ones=call.sandbox.knows_new_zones)
        case "iana":
            known = [(name, name) for name in zone_names.IANA]
        case _:
            raise Refusal(400, "BadRequest", f"The value '{standard}' is no TimeZoneStandard.")
    return answer(
        {
            "@odata.context": context("Collection(microsoft.graph.timeZoneInformation)"),
            "value": [{"alias": alias, "displayName": shown} for alias, shown in known],
        }
    )
