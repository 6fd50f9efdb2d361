"""The schemas describe what is answered, element by element and in its order."""

from collections.abc import Callable

import pytest
from lxml import etree

from postwarden.dialects.ews.names import MESSAGES, SOAP
from postwarden.dialects.ews.sections import OPERATIONS
from postwarden.dialects.ews.wsdl import documents
from postwarden.dialects.ews.wsdl.messages import DESCRIBED
from postwarden.dialects.ews.wsdl.notation import references
from postwarden.dialects.ews.wsdl.types import ELEMENTS, TYPES
from postwarden.model.actors import OPERATOR
from tests.support.api import Client
from tests.support.ews import EwsClient, Said, envelope
from tests.support.factories import ADA
from tests.support.houses import Actors
from tests.unit.dialects.ews.conftest import Put
from tests.unit.dialects.ews.test_absences import setting, shown
from tests.unit.dialects.ews.test_discovery import mailboxes, search
from tests.unit.dialects.ews.test_holding import hold
from tests.unit.dialects.ews.test_notifications import get_events, pull, subscribed
from tests.unit.dialects.ews.test_preferences import delegates, people, rules
from tests.unit.dialects.ews.test_writing import INBOX, create, found_in, named, update

MAIL = (
    b"From: Eve <eve@example.net>\r\nTo: ada@example.org\r\nSubject: one\r\n"
    b"Message-ID: <1@example.net>\r\nReferences: <0@example.net>\r\n"
    b"Importance: high\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nHi\r\n'
    b'--b\r\nContent-Disposition: attachment; filename="a.pdf"\r\n\r\n%PDF\r\n'
    b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: two\r\n\r\nHo\r\n--b--\r\n"
)
EVERYTHING = "<m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape>"
FOLDERS = "<m:FolderShape><t:BaseShape>AllProperties</t:BaseShape></m:FolderShape>"
Check = Callable[[Said], None]


class _Local(etree.Resolver):  # type: ignore[misc]  # lxml has no types
    """Gives the schema of things to that of messages."""

    def resolve(self, url: str, _id: str, context: object) -> object:
        return self.resolve_string(documents.types_xsd(), context)


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    parser = etree.XMLParser()
    parser.resolvers.add(_Local())
    return etree.XMLSchema(etree.fromstring(documents.messages_xsd(), parser))


@pytest.fixture
def check(schema: etree.XMLSchema) -> Check:
    def check(said: Said) -> None:
        body = etree.fromstring(said.answered.body).find(f"{{{SOAP}}}Body")
        assert body is not None
        assert said.codes, said.answered.body
        schema.assertValid(etree.fromstring(etree.tostring(body[0])))

    return check


def test_every_operation_is_described_and_every_type_is_there() -> None:
    assert OPERATIONS.keys() - DESCRIBED.keys() == set()
    spoken_of = {
        name
        for content in (
            *TYPES.values(),
            *(each.request for each in DESCRIBED.values()),
            *(each.answer for each in DESCRIBED.values()),
        )
        for name in references(content)
    }
    assert spoken_of | set(ELEMENTS.values()) == TYPES.keys()


async def test_requests_are_as_the_schema_has_them(schema: etree.XMLSchema) -> None:
    for body in (
        *(pull(), get_events("a", "b"), mailboxes("a"), search("a", "b")),
        *(hold(), rules(str(ADA)), delegates(str(ADA)), people("a")),
        *(shown(), setting()),
        f'<m:DeleteItem DeleteType="HardDelete">{named("a")}</m:DeleteItem>',
    ):
        asked = etree.fromstring(envelope(body)).find(f"{{{SOAP}}}Body")
        assert asked is not None
        schema.assertValid(etree.fromstring(etree.tostring(asked[0])))


async def test_items_are_as_the_schema_has_them(
    own: EwsClient, put: Put, check: Check
) -> None:
    await put(MAIL, keywords=("a", "b"))
    shape = EVERYTHING.replace(
        "</t:BaseShape>",
        "</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent>"
        '<t:AdditionalProperties><t:ExtendedFieldURI PropertyTag="0x0E07" '
        'PropertyType="Integer"/><t:FieldURI FieldURI="item:UniqueBody"/>'
        '<t:FieldURI FieldURI="item:TextBody"/></t:AdditionalProperties>',
    )
    [item] = await found_in(own)
    check(await own(f"<m:GetItem>{shape}{named(item, 'AAAA')}</m:GetItem>"))
    check(
        await own(
            f'<m:FindItem Traversal="Shallow">{EVERYTHING}'
            f"<m:ParentFolderIds>{INBOX}</m:ParentFolderIds></m:FindItem>"
        )
    )
    check(await create(own, "<t:Subject>draft</t:Subject>"))
    flag = '<t:SetItemField><t:FieldURI FieldURI="message:IsRead"/><t:Message>'
    check(
        await update(
            own, item, f"{flag}<t:IsRead>1</t:IsRead></t:Message></t:SetItemField>"
        )
    )
    check(
        await own(
            f"<m:SyncFolderItems>{EVERYTHING}<m:SyncFolderId>{INBOX}</m:SyncFolderId>"
            "<m:MaxChangesReturned>10</m:MaxChangesReturned></m:SyncFolderItems>"
        )
    )
    check(
        await own(
            f"<m:CopyItem><m:ToFolderId>{INBOX}</m:ToFolderId>{named(item)}</m:CopyItem>"
        )
    )
    check(await own(f"<m:ExportItems>{named(item)}</m:ExportItems>"))
    check(
        await own(f'<m:MarkAsJunk IsJunk="1" MoveItem="1">{named(item)}</m:MarkAsJunk>')
    )
    check(
        await own(f'<m:DeleteItem DeleteType="HardDelete">{named(item)}</m:DeleteItem>')
    )


async def test_folders_are_as_the_schema_has_them(own: EwsClient, check: Check) -> None:
    root = '<t:DistinguishedFolderId Id="root"/>'
    unknown = '<t:DistinguishedFolderId Id="calendar"/>'
    check(
        await own(
            f"<m:GetFolder>{FOLDERS}<m:FolderIds>{root}{INBOX}{unknown}</m:FolderIds>"
            "</m:GetFolder>"
        )
    )
    check(
        await own(
            f'<m:FindFolder Traversal="Deep">{FOLDERS}<m:ParentFolderIds>{root}'
            "</m:ParentFolderIds></m:FindFolder>"
        )
    )
    check(await own(f"<m:SyncFolderHierarchy>{FOLDERS}</m:SyncFolderHierarchy>"))
    top = '<t:DistinguishedFolderId Id="msgfolderroot"/>'
    check(
        await own(
            f"<m:CreateFolder><m:ParentFolderId>{top}</m:ParentFolderId><m:Folders>"
            "<t:Folder><t:DisplayName>New</t:DisplayName></t:Folder></m:Folders>"
            "</m:CreateFolder>"
        )
    )


async def test_events_are_as_the_schema_has_them(
    own: EwsClient, put: Put, check: Check
) -> None:
    identifier, watermark = await subscribed(own, pull())
    check(await own(get_events(identifier, watermark)))
    await put(MAIL)
    said = await own(get_events(identifier, watermark))
    check(said)
    [item] = await found_in(own)
    await own(
        '<m:MoveItem><m:ToFolderId><t:DistinguishedFolderId Id="junkemail"/>'
        f"</m:ToFolderId>{named(item)}</m:MoveItem>"
    )
    check(await own(get_events(identifier, said.texts("t:Watermark")[-1])))


async def test_other_answers_are_as_the_schema_has_them(
    own: EwsClient, actors: Actors, put: Put, check: Check
) -> None:
    await put(MAIL)
    actors.add(OPERATOR)
    operator = EwsClient(own.app)
    for body in (
        *(mailboxes(), hold(), search("", str(ADA), "nobody@example.org")),
        *(people(""), rules(str(ADA)), delegates(str(ADA)), "<m:GetRoomLists/>"),
        *(setting(), shown()),
        '<m:GetServerTimeZones ReturnFullTimeZoneData="true"/>',
        '<m:ResolveNames ReturnFullContactData="false">'
        f"<m:UnresolvedEntry>{ADA}</m:UnresolvedEntry></m:ResolveNames>",
    ):
        check(await operator(body))


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("/EWS/Exchange.asmx?wsdl", "definitions"),
        ("/ews/services.wsdl", "definitions"),
        ("/EWS/Messages.xsd", "schema"),
        ("/EWS/types.xsd", "schema"),
    ],
)
async def test_the_documents_are_given_to_who_may_come_in(
    own: EwsClient, path: str, root: str
) -> None:
    path, _, query = path.partition("?")
    client = Client(own.app, headers={"authorization": own.authorization})
    said = await client("GET", path, query=query)
    assert said.headers["content-type"] == "text/xml; charset=utf-8"
    assert etree.QName(etree.fromstring(said.body)).localname == root
    assert (await Client(own.app)("GET", path, query=query)).status == 401


async def test_the_service_is_where_it_was_asked(own: EwsClient) -> None:
    client = Client(
        own.app,
        headers={"authorization": own.authorization, "host": "mail.example.org:8443"},
    )
    said = await client("GET", "/EWS/Services.wsdl")
    assert b'location="http://mail.example.org:8443/EWS/Exchange.asmx"' in said.body
    assert MESSAGES.encode() in said.body
