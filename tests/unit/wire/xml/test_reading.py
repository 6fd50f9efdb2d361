"""XML in: trees of bounded size, and nothing but NotXml for anything else."""

import contextlib
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwarden.wire import xml
from postwarden.wire.xml import Bounds, HasDoctype, NotXml, TooComplex, Xml, tag

PREFIXES = {"urn:a": "a"}
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
VALID = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Z")), max_size=20
)


def read(text: str) -> xml.Element:
    return xml.read(text.encode(), prefixes=PREFIXES)


def test_names_have_our_prefixes_and_attributes_their_values() -> None:
    root = read('<x:r xmlns:x="urn:a" xmlns="urn:b" k="1" x:k="2"><c/><x:c/></x:r>')
    assert root.name == "a:r"
    assert root.attributes == {"k": "1", "a:k": "2"}
    assert [each.name for each in root.children] == ["{urn:b}c", "a:c"]
    assert [each.local for each in root.children] == ["c", "c"]


def test_paths_lead_down() -> None:
    root = read('<r xmlns="urn:a"><s> x </s><s><t>y</t><t>z</t></s></r>')
    assert root.value("a:s") == "x"
    assert root.find("a:s", "a:t") is None
    assert [each.text for each in root.children[1].every("a:t")] == ["y", "z"]
    assert list(root.every("a:u", "a:t")) == []


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE r><r/>",
        '<!DOCTYPE r SYSTEM "file:///etc/passwd"><r/>',
        '<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>',
    ],
)
def test_a_document_type_is_refused(text: str) -> None:
    with pytest.raises(HasDoctype):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        "<a>" * 65 + "</a>" * 65,
        "<r>" + "<a/>" * 100_000 + "</r>",
        "<r " + " ".join(f'a{n}="1"' for n in range(33)) + "/>",
    ],
)
def test_what_is_too_much_is_refused(text: str) -> None:
    with pytest.raises(TooComplex):
        read(text)


def test_bounds_are_what_is_asked_for() -> None:
    with pytest.raises(TooComplex):
        xml.read(b"<a><b/></a>", prefixes={}, bounds=Bounds(depth=1))


@given(st.binary(max_size=200))
def test_whatever_the_octets_are(content: bytes) -> None:
    with contextlib.suppress(NotXml):
        xml.read(content, prefixes=PREFIXES)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_encodings(encoding: str) -> None:
    content = f'<?xml version="1.0" encoding="{encoding}"?><r>é</r>'.encode(encoding)
    assert xml.read(content, prefixes={}).text == "é"


@pytest.mark.parametrize("encoding", ["x-none", "utf-7", "rot13", "idna", "hex"])
def test_encodings_that_are_not_taken(encoding: str) -> None:
    content = f'<?xml version="1.0" encoding="{encoding}"?><r/>'.encode()
    with pytest.raises(NotXml):
        xml.read(content, prefixes={})


@given(TEXTS, TEXTS)
def test_what_is_written_is_xml_whatever_is_in_it(text: str, value: str) -> None:
    ET.fromstring(tag("r", tag("c", text), "x", Key=value))


@given(VALID, VALID)
def test_what_is_written_is_read_back(text: str, value: str) -> None:
    root = read(tag("r", text, Key=value))
    assert (root.text, root.attributes) == (text, {"Key": value})


def test_what_is_finished_is_not_escaped_again() -> None:
    inner = tag("t:b", "<&>")
    assert inner == "<t:b>&lt;&amp;&gt;</t:b>"
    assert tag("t:a", inner, None, True, 7) == f"<t:a>{inner}true7</t:a>"
    assert isinstance(inner, Xml)
    assert tag("t:a") == "<t:a/>"
