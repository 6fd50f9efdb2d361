"""Response messages: what became of each thing that was asked for."""

from collections.abc import Awaitable, Callable, Iterable, Sequence

from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed, failed
from postwarden.dialects.ews.soap import message_xml
from postwarden.model.errors import MailError
from postwarden.wire.xml import Element, Xml, tag


def messages(found: Iterable[Xml]) -> Xml:
    """Return the content of most responses."""
    return tag("m:ResponseMessages", *found)


def success(operation: str, *payload: Xml | None) -> Xml:
    return tag(
        f"m:{operation}ResponseMessage",
        tag("m:ResponseCode", Code.NO_ERROR),
        *payload,
        ResponseClass="Success",
    )


def single() -> Xml:
    """Return the response message of what was asked for one thing only."""
    code = tag("m:ResponseCode", Code.NO_ERROR)
    return tag("m:ResponseMessage", code, ResponseClass="Success")


def failure(operation: str, error: Failed | MailError, *empty: Xml) -> Xml:
    """Return what says no; `empty` is the container that clients look for."""
    said = failed(error)
    return tag(
        f"m:{operation}ResponseMessage",
        tag("m:MessageText", str(said)),
        tag("m:ResponseCode", said.response_code),
        tag("m:DescriptiveLinkKey", 0),
        message_xml("m:MessageXml", said.values),
        *empty,
        ResponseClass="Error",
    )


async def for_each(
    operation: str,
    asked: Sequence[Element],
    one: Callable[[Element], Awaitable[Xml]],
    *empty: Xml,
) -> Xml:
    """Answer each element in its order; one that fails fails alone.

    `one` returns a whole response message.
    """
    found = []
    for element in asked:
        try:
            found.append(await one(element))
        except (Failed, MailError) as error:
            found.append(failure(operation, error, *empty))
    return messages(found)
