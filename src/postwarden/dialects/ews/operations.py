"""How an operation is declared: a coroutine under the name that clients call it by.

    folders = Operations()

    @folders("GetFolder")
    async def get_folder(call: Call, asked: Element) -> Xml:
        \"\"\"Show folders.\"\"\"

It returns what stands inside the response element, or `Streamed`: the same again and
again, each in a document of its own.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from postwarden.dialects.ews.codes import Code
from postwarden.wire.xml import tag

if TYPE_CHECKING:
    from postwarden.dialects.ews.calls import Call
    from postwarden.wire.xml import Element, Xml

Handler: TypeAlias = "Callable[[Call, Element], Awaitable[Xml | Streamed]]"


@dataclass(frozen=True, slots=True)
class Streamed:
    """Answers that are found while the client waits."""

    each: "AsyncGenerator[Xml, None]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation; `response` is the element that its answer is.

    Where `is_single`, that element says itself that all is well; elsewhere each
    response message in it does.
    """

    name: str
    handler: Handler
    response: str
    is_single: bool = False

    def written(self, content: "Xml") -> "Xml":
        """Return the whole answer that some content is."""
        if not self.is_single:
            return tag(self.response, content)
        code = tag("m:ResponseCode", Code.NO_ERROR)
        return tag(self.response, code, content, ResponseClass="Success")


class Operations:
    """The operations of one section of the table."""

    def __init__(self) -> None:
        self.all: list[Operation] = []

    def __call__(
        self, name: str, *, response: str | None = None, is_single: bool = False
    ) -> Callable[[Handler], Handler]:
        def declare(handler: Handler) -> Handler:
            self.all.append(
                Operation(
                    name=name,
                    handler=handler,
                    response=response or f"m:{name}Response",
                    is_single=is_single,
                )
            )
            return handler

        return declare
