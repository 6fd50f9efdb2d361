"""SOAP 1.1 envelopes: requests read, answers and faults written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from postwarden.dialects.ews import names
from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed, Violation
from postwarden.wire import xml
from postwarden.wire.xml import Element, NotXml, Xml, tag

_VERSION: Final = re.compile(r"Exchange20\d\d(?:_SP\d)?|V\d{4}_\d\d_\d\d", re.ASCII)
_SIDS: Final = ("PrimarySmtpAddress", "SmtpAddress", "PrincipalName", "SID")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request: who it is made for, and the one element of its body.

    Header elements that we know nothing of are passed over, those that ask to be
    understood too: every client marks some of them.
    """

    operation: Element
    impersonated: str | None = None
    time_zone: str | None = None


def asked_of(content: bytes) -> Asked:
    """Read a request; raises Failed."""
    try:
        root = xml.read(content, prefixes=names.PREFIXES)
    except NotXml as error:
        raise Violation(str(error), (error.line, error.column)) from error
    body = root.find("s:Body")
    if root.name != "s:Envelope" or body is None:
        raise Violation("this is no SOAP 1.1 envelope", root)
    operation = body.only
    if operation is None:
        raise Violation("the body is empty", body)
    header = root.find("s:Header")
    if header is None:
        return Asked(operation=operation)
    _check_version(header)
    return Asked(
        operation=operation,
        impersonated=_impersonated(header),
        time_zone=_time_zone(header),
    )


def _check_version(header: Element) -> None:
    version = header.find("t:RequestServerVersion")
    if version is None:
        return
    asked = version.attributes.get("Version", "")
    if not _VERSION.fullmatch(asked):
        raise Failed(
            Code.INVALID_SERVER_VERSION, f"there is no server version {asked[:40]!r}"
        )


def _impersonated(header: Element) -> str | None:
    impersonation = header.find("t:ExchangeImpersonation")
    if impersonation is None:
        return None
    sid = impersonation.find("t:ConnectingSID")
    who = sid.only if sid is not None else None
    if who is None or who.local not in _SIDS or not who.text.strip():
        raise Violation("ConnectingSID names nobody", impersonation)
    if who.local == "SID":
        raise Failed(Code.IMPERSONATION_FAILED, "name a mailbox by its address")
    return who.text.strip()


def _time_zone(header: Element) -> str | None:
    zone = header.find("t:TimeZoneContext", "t:TimeZoneDefinition")
    return None if zone is None else zone.attributes.get("Id")


def envelope(body: Xml) -> bytes:
    """Return a whole answer; every one says which server this is."""
    version = tag(
        "t:ServerVersionInfo",
        MajorVersion=names.MAJOR,
        MinorVersion=names.MINOR,
        MajorBuildNumber=names.MAJOR_BUILD,
        MinorBuildNumber=names.MINOR_BUILD,
        Version=names.SCHEMA,
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<s:Envelope xmlns:s="{names.SOAP}" xmlns:m="{names.MESSAGES}" '
        f'xmlns:t="{names.TYPES}" xmlns:e="{names.ERRORS}" xmlns:xsi="{names.XSI}">'
        f"<s:Header>{version}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def fault(error: Failed) -> bytes:
    """Return the answer to a request of which nothing was done."""
    return envelope(
        tag(
            "s:Fault",
            tag("faultcode", f"e:{error.response_code}"),
            tag("faultstring", str(error)),
            tag(
                "detail",
                tag("e:ResponseCode", error.response_code),
                tag("e:Message", str(error)),
                message_xml("t:MessageXml", error.values),
            ),
        )
    )


def message_xml(name: str, values: Mapping[str, str]) -> Xml | None:
    """Return what programs read of a failure, None where there is nothing."""
    if not values:
        return None
    if "Violation" in values:  # these three have elements of their own
        return tag(name, *(tag(f"t:{key}", value) for key, value in values.items()))
    pairs = (tag("t:Value", value, Name=key) for key, value in values.items())
    return tag(name, *pairs)
