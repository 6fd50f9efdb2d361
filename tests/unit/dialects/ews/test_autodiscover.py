"""Autodiscover, in the forms that clients ask in."""

from dataclasses import replace

import pytest

from postwarden.dialects.ews import app
from postwarden.dialects.ews.autodiscover.plain_form import REQUEST
from postwarden.dialects.ews.autodiscover.soap_form import NAMESPACE
from postwarden.dialects.ews.house import House
from postwarden.dialects.ews.names import SOAP
from postwarden.model.actors import Actor
from tests.support.api import Client
from tests.support.ews import EwsClient

SVC, POX = "/autodiscover/autodiscover.svc", "/Autodiscover/Autodiscover.xml"


def in_soap(*names: str, settings: tuple[str, ...] = ("ExternalEwsUrl",)) -> bytes:
    users = "".join(f"<a:User><a:Mailbox>{n}</a:Mailbox></a:User>" for n in names)
    wanted = "".join(f"<a:Setting>{each}</a:Setting>" for each in settings)
    return (
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:a="{NAMESPACE}"><s:Body>'
        "<a:GetUserSettingsRequestMessage><a:Request>"
        f"<a:Users>{users}</a:Users><a:RequestedSettings>{wanted}"
        "</a:RequestedSettings></a:Request></a:GetUserSettingsRequestMessage>"
        "</s:Body></s:Envelope>"
    ).encode()


def in_plain(name: str) -> bytes:
    return (
        f'<Autodiscover xmlns="{REQUEST}"><Request><EMailAddress>{name}'
        "</EMailAddress></Request></Autodiscover>"
    ).encode()


async def test_soap_tells_an_owner_where_ews_is(own: EwsClient) -> None:
    content = in_soap(
        "ADA@example.org",
        "bob@example.org",
        settings=("ExternalEwsUrl", "UserDisplayName", "MobileMailboxPolicy"),
    )
    body = (await own.post(content, path=SVC)).answered.body.decode()
    assert body.count("<ErrorCode>NoError</ErrorCode>") == 2
    assert "<Value>http://localhost/EWS/Exchange.asmx</Value>" in body
    assert "<Name>UserDisplayName</Name><Value>Ada</Value>" in body
    assert "<SettingName>MobileMailboxPolicy</SettingName>" in body
    assert body.count("InvalidUser") == 1
    assert "<h:MajorVersion>15</h:MajorVersion>" in body


async def test_an_administrator_asks_for_others(ews: EwsClient, owner: Actor) -> None:
    content = in_soap("ada@example.org", "nobody@example.org")
    body = (await ews.post(content, path=SVC)).answered.body.decode()
    assert body.count("InvalidUser") == 1
    assert body.count("EWS/Exchange.asmx") == 1


async def test_the_url_that_is_set_counts(house: House, owner: Actor) -> None:
    set_up = replace(house, url="https://mail.example.org")
    own = EwsClient(app.build(set_up), f"Bearer {owner.name}")
    said = await own.post(in_soap("ada@example.org"), path=SVC)
    assert b"https://mail.example.org/EWS/Exchange.asmx" in said.answered.body


@pytest.mark.parametrize("content", [b"", b"<a/>", in_soap(), in_soap(*"a" * 101)])
async def test_soap_that_asks_for_nothing(own: EwsClient, content: bytes) -> None:
    said = await own.post(content, path=SVC)
    assert (said.answered.status, said.fault) == (500, "ErrorSchemaValidation")


async def test_plain_xml(own: EwsClient) -> None:
    said = await own.post(in_plain("ada@example.org"), path=POX)
    body = said.answered.body.decode()
    assert body.count("<EwsUrl>http://localhost/EWS/Exchange.asmx</EwsUrl>") == 2
    assert "<Action>settings</Action>" in body


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (in_plain("bob@example.org"), "500"),
        (in_plain("nonsense"), "500"),
        (b"<Autodiscover/>", "600"),
        (b"<!DOCTYPE a><a/>", "600"),
        (b"", "600"),
    ],
)
async def test_plain_xml_says_no_in_its_own_words(
    own: EwsClient, content: bytes, code: str
) -> None:
    said = await own.post(content, path=POX)
    assert said.answered.status == 200
    assert f"<ErrorCode>{code}</ErrorCode>" in said.answered.body.decode()


@pytest.mark.parametrize(
    ("path", "protocol", "status"),
    [
        ("ada@example.org", "EWS", 200),
        ("ada@example.org", "ActiveSync", 400),
        ("bob@example.org", "EWS", 404),
        ("%FF", "EWS", 400),
    ],
)
async def test_json(
    house: House, owner: Actor, path: str, protocol: str, status: int
) -> None:
    client = Client(app.build(house), headers={"authorization": f"Bearer {owner.name}"})
    answered = await client.get(
        f"/autodiscover/autodiscover.json/v1.0/{path}", Protocol=protocol
    )
    assert answered.status == status
    if status == 200:
        assert answered.json["Url"].endswith("/EWS/Exchange.asmx")


async def test_strangers_are_asked_who_they_are(house: House) -> None:
    stranger = EwsClient(app.build(house), "Bearer stranger")
    for path in (SVC, POX):
        said = await stranger.post(in_plain("ada@example.org"), path=path)
        assert said.answered.status == 401
