"""Who there is: FindPeople, GetRooms, GetRoomLists, GetDelegate.

There are no rooms here, and nobody has delegates.
"""

from postwarden.dialects.ews import acting
from postwarden.dialects.ews.calls import Call
from postwarden.dialects.ews.listing import known
from postwarden.dialects.ews.operations import Operations
from postwarden.dialects.ews.paging import page_of
from postwarden.dialects.ews.reading import child
from postwarden.model.accounts import Account
from postwarden.wire.xml import Element, Xml, tag

people = Operations()


@people("FindPeople", is_single=True)
async def find_people(call: Call, asked: Element) -> Xml:
    """Find accounts by a text in their names and addresses."""
    page = page_of(asked, "m:IndexedPageItemView", "m:FractionalPageItemView")
    found = await known(call, asked.value("m:QueryString") or "")
    begin, _ = page.bounds(len(found))
    return Xml(
        tag("m:People", *map(_persona, page.among(found)))
        + tag("m:TotalNumberOfPeopleInView", len(found))
        + tag("m:FirstMatchingRowIndex", 0)
        + tag("m:FirstLoadedRowIndex", begin)
    )


def _persona(account: Account) -> Xml:
    address = str(account.address)
    name = account.name or address
    return tag(
        "t:Persona",
        tag("t:PersonaId", Id=address),
        tag("t:PersonaType", "Person"),
        tag("t:DisplayName", name),
        tag(
            "t:EmailAddress",
            tag("t:Name", name),
            tag("t:EmailAddress", address),
            tag("t:RoutingType", "SMTP"),
            tag("t:MailboxType", "Mailbox"),
        ),
    )


@people("GetRoomLists", is_single=True)
async def get_room_lists(_: Call, __: Element) -> Xml:
    """List the lists of rooms."""
    return tag("m:RoomLists")


@people("GetRooms", is_single=True)
async def get_rooms(_: Call, __: Element) -> Xml:
    """List the rooms of a list."""
    return tag("m:Rooms")


@people("GetDelegate", is_single=True)
async def get_delegate(call: Call, asked: Element) -> Xml:
    """List who may act for the owner of a mailbox."""
    whose = child(asked, "m:Mailbox", "t:EmailAddress").text.strip()
    await acting.owner_at(call.house.store, call.actor, whose)
    return tag("m:DeliverMeetingRequests", "DelegatesAndMe")
