"""What clients keep about a mailbox: GetInboxRules, GetUserConfiguration, time zones.

Neither rules nor configurations are kept here. All times are UTC, whatever zone a
client is in.
"""

from postwarden.dialects.ews import acting
from postwarden.dialects.ews.calls import Call, item_not_found
from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed, Violation
from postwarden.dialects.ews.operations import Operations
from postwarden.dialects.ews.reading import boolean, child
from postwarden.dialects.ews.responses import for_each, messages, success
from postwarden.wire.xml import Element, Xml, tag

preferences = Operations()

_ZONE = "UTC"


@preferences("GetInboxRules", is_single=True)
async def get_inbox_rules(call: Call, asked: Element) -> Xml:
    """List the rules of a mailbox: there are none."""
    whose = asked.value("m:MailboxSmtpAddress")
    await acting.owner_at(call.house.store, call.actor, whose or None)
    return tag("m:OutlookRuleBlobExists", False)


@preferences("GetUserConfiguration")
async def get_user_configuration(call: Call, asked: Element) -> Xml:
    """Show what a client has kept in a folder: there is nothing."""

    async def one(element: Element) -> Xml:
        folder = element.only
        if folder is None:
            raise Violation("UserConfigurationName is empty", element)
        await call.folder(folder)
        raise item_not_found()

    names = [child(asked, "m:UserConfigurationName")]
    return await for_each("GetUserConfiguration", names, one)


@preferences("GetServerTimeZones")
async def get_server_time_zones(_: Call, asked: Element) -> Xml:
    """List time zones: the one that all times are in."""
    for each in asked.every("m:Ids", "t:Id"):
        if each.text.strip() != _ZONE:
            message = f"There is no time zone {each.text.strip()[:80]} here."
            raise Failed(Code.TIME_ZONE, message)
    full = boolean(asked, "ReturnFullTimeZoneData")
    zone = tag(
        "t:TimeZoneDefinition",
        *(_definition() if full else ()),
        Id=_ZONE,
        Name="(UTC) Coordinated Universal Time",
    )
    return messages([success("GetServerTimeZones", tag("m:TimeZoneDefinitions", zone))])


def _definition() -> tuple[Xml, ...]:
    """Return the rules of a zone without any."""
    period, group = f"trule:Microsoft/Registry/{_ZONE}/1-Standard", "0"
    return (
        tag("t:Periods", tag("t:Period", Bias="PT0S", Name="Standard", Id=period)),
        tag(
            "t:TransitionsGroups",
            tag(
                "t:TransitionsGroup",
                tag("t:Transition", tag("t:To", period, Kind="Period")),
                Id=group,
            ),
        ),
        tag(
            "t:Transitions",
            tag("t:Transition", tag("t:To", group, Kind="Group")),
        ),
    )
