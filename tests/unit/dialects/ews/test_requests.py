"""Whatever is wrong with a request: a fault that clients understand."""

from dataclasses import replace

import pytest

from postwarden.dialects.ews import app
from postwarden.dialects.ews.house import House, Places
from postwarden.dialects.kit.requests import Bounds
from postwarden.model.actors import OPERATOR
from tests.support.api import Client
from tests.support.ews import EwsClient, envelope

CONVERT = (
    '<m:ConvertId DestinationFormat="EntryId"><m:SourceIds>'
    '<t:AlternateId Id="DUMMY" Format="EwsId" Mailbox="DUMMY"/>'
    "</m:SourceIds></m:ConvertId>"
)
BILLION_LAUGHS = (
    b'<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]>'
    + envelope(CONVERT)
)
DEEP = ("<t:x>" * 100 + "</t:x>" * 100).join(("<m:ConvertId>", "</m:ConvertId>"))


@pytest.mark.parametrize("body", [CONVERT, "<m:Nothing/>"])
async def test_every_answer_says_which_server_this_is(
    ews: EwsClient, body: str
) -> None:
    said = await ews(body)
    [version] = said.every("t:ServerVersionInfo")
    assert version.get("MajorVersion") == "15"
    assert version.get("MajorBuildNumber")
    assert said.answered.headers["content-type"] == "text/xml; charset=utf-8"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "ErrorSchemaValidation"),
        (b"no xml", "ErrorSchemaValidation"),
        (envelope(CONVERT)[:-9], "ErrorSchemaValidation"),
        (b'<?xml version="1.0" encoding="x-none"?><a/>', "ErrorSchemaValidation"),
        (b"\xff\xfe" + "<a/>".encode("utf-16-be"), "ErrorSchemaValidation"),
        (BILLION_LAUGHS, "ErrorSchemaValidation"),
        (envelope(DEEP), "ErrorSchemaValidation"),
        (envelope("<m:a/>" * 100_001), "ErrorSchemaValidation"),
        (b"<html/>", "ErrorSchemaValidation"),
        (envelope(""), "ErrorSchemaValidation"),
        (
            envelope(CONVERT).replace(b"2006/messages", b"2026/messages"),
            "ErrorInvalidOperation",
        ),
        (
            envelope(CONVERT).replace(b"soap/envelope/", b"soap/envelopes/"),
            "ErrorSchemaValidation",
        ),
        (envelope("<m:MakeCoffee/>"), "ErrorInvalidOperation"),
        (envelope("<m:ConvertId/>"), "ErrorSchemaValidation"),
        (
            envelope(CONVERT, '<t:RequestServerVersion Version="Exchange1997"/>'),
            "ErrorInvalidServerVersion",
        ),
        (envelope(CONVERT, "<t:ExchangeImpersonation/>"), "ErrorSchemaValidation"),
    ],
)
async def test_a_request_that_is_none(
    ews: EwsClient, content: bytes, code: str
) -> None:
    said = await ews.post(content)
    assert (said.answered.status, said.fault) == (500, code)


async def test_where_the_schema_is_broken(ews: EwsClient) -> None:
    said = await ews.post(b"<a>\n  <b>\n</a>")
    assert said.texts("t:LineNumber") == ["3"]
    assert said.texts("t:Violation") == ["mismatched tag"]


@pytest.mark.parametrize("version", ["Exchange2007", "Exchange2010_SP2", "V2017_07_11"])
async def test_versions_that_clients_ask_for(ews: EwsClient, version: str) -> None:
    said = await ews(CONVERT, header=f'<t:RequestServerVersion Version="{version}"/>')
    assert said.answered.status == 200


async def test_what_needs_not_be_understood_is_passed_over(ews: EwsClient) -> None:
    said = await ews(CONVERT, header='<x:y xmlns:x="urn:x" s:mustUnderstand="1"/>')
    assert said.answered.status == 200


async def test_other_prefixes_and_a_soapaction(ews: EwsClient) -> None:
    content = envelope(CONVERT).replace(b"m:", b"foo:").replace(b":m=", b":foo=")
    said = await ews.post(content, soapaction="http://example.org/Nonsense")
    assert said.codes == ["ErrorInvalidIdMalformed"]


async def test_the_path_in_any_case(ews: EwsClient) -> None:
    said = await ews.post(envelope(CONVERT), path="/ews/EXCHANGE.asmx")
    assert said.answered.status == 200


@pytest.mark.parametrize(
    ("media_type", "headers"),
    [
        ("application/json", {}),
        ("application/soap+xml", {}),
        ("text/xml", {"content_encoding": "gzip"}),
    ],
)
async def test_a_body_of_another_type(
    ews: EwsClient, media_type: str, headers: dict[str, str]
) -> None:
    said = await ews.post(envelope(CONVERT), media_type=media_type, **headers)
    assert (said.answered.status, said.fault) == (415, "ErrorInvalidOperation")


async def test_a_body_that_is_too_large(house: House) -> None:
    small = EwsClient(app.build(replace(house, bounds=Bounds(body=1000))))
    said = await small.post(envelope(CONVERT) + b" " * 1000)
    assert (said.answered.status, said.fault) == (413, "ErrorMessageSizeExceeded")


async def test_another_path_and_another_method(house: House) -> None:
    client = Client(app.build(house), headers={"authorization": "Bearer operator"})
    assert (await client.get("/EWS/Nothing.asmx")).status == 404
    answered = await client("PUT", "/EWS/Exchange.asmx")
    assert (answered.status, answered.headers["allow"]) == (405, "GET, HEAD, POST")
    assert b"s:Fault" in answered.body
    assert (await client.get("/EWS/Exchange.asmx")).status == 200


async def test_strangers_are_offered_basic_and_their_body_is_not_read(
    house: House,
) -> None:
    stranger = EwsClient(app.build(house), "Bearer stranger")
    said = await stranger.post(b"\0" * 100)
    assert said.answered.status == 401
    assert said.answered.headers["www-authenticate"].startswith('Basic realm="')


async def test_an_actor_with_too_many_requests_is_told_to_wait(house: House) -> None:
    places = Places(at_once=1)
    busy = EwsClient(app.build(replace(house, places=places)))
    with places.taken_by(OPERATOR):
        said = await busy(CONVERT)
        assert said.fault == "ErrorServerBusy"
        [value] = said.every("t:Value")
        assert (value.get("Name"), value.text) == ("BackOffMilliseconds", "1000")
    assert (await busy(CONVERT)).answered.status == 200


@pytest.mark.parametrize(
    ("given", "echoed"),
    [
        ("7b6a2a0e-0b9c-4f6e-8c39-6a1c5f1b8f10", True),
        ("{7B6A2A0E-0B9C-4F6E-8C39-6A1C5F1B8F10}", True),
        ("x" * 65, False),
        ("a b", False),
        ("", False),
    ],
)
@pytest.mark.parametrize("body", [CONVERT, "<m:Nothing/>"])
async def test_the_name_of_a_request_comes_back(
    ews: EwsClient, body: str, given: str, *, echoed: bool
) -> None:
    said = await ews.post(envelope(body), client_request_id=given)
    found = said.answered.headers.get("client-request-id")
    assert found == (given if echoed else None)
    assert said.answered.headers["request-id"] == said.answered.headers["x-request-id"]
