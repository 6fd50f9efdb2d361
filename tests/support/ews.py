"""Asks EWS in this process, and reads what it answers."""

from dataclasses import dataclass
from xml.etree import ElementTree as ET

from postwarden.dialects.ews.names import ERRORS, MESSAGES, SOAP, TYPES
from postwarden.dialects.kit.asgi import Application
from tests.support.api import Answered, Client

NAMESPACES = {"s": SOAP, "m": MESSAGES, "t": TYPES, "e": ERRORS}
_DECLARED = " ".join(f'xmlns:{key}="{uri}"' for key, uri in NAMESPACES.items())


def envelope(body: str, header: str = "") -> bytes:
    """Return a request; m: and t: are declared."""
    return (
        f"<s:Envelope {_DECLARED}><s:Header>{header}</s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


@dataclass(frozen=True, slots=True)
class Said:
    """An answer, as a tree."""

    answered: Answered

    @property
    def root(self) -> ET.Element:
        return ET.fromstring(self.answered.body)

    def every(self, path: str) -> list[ET.Element]:
        return self.root.findall(f".//{path}", NAMESPACES)

    def texts(self, path: str) -> list[str]:
        return [each.text or "" for each in self.every(path)]

    @property
    def codes(self) -> list[str]:
        """The code of each response message, in their order."""
        return self.texts("m:ResponseCode")

    @property
    def fault(self) -> str:
        """The code of the fault."""
        [code] = self.texts("e:ResponseCode")
        return code


@dataclass(slots=True)
class EwsClient:
    """Asks operations of an app as somebody."""

    app: Application
    authorization: str = "Bearer operator"

    async def __call__(
        self, body: str, *, header: str = "", content: bytes | None = None
    ) -> Said:
        return await self.post(envelope(body, header) if content is None else content)

    async def post(
        self,
        content: bytes,
        *,
        path: str = "/EWS/Exchange.asmx",
        media_type: str = "text/xml; charset=utf-8",
        **headers: str,
    ) -> Said:
        sent = {"authorization": self.authorization, "content-type": media_type}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        client = Client(self.app)
        return Said(await client("POST", path, content=content, headers=sent))
