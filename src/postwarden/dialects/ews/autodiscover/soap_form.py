"""Autodiscover in SOAP: GetUserSettings, at /autodiscover/autodiscover.svc."""

from collections.abc import Callable
from typing import Final

from postwarden.dialects.ews import names
from postwarden.dialects.ews.autodiscover.known import account_at, url
from postwarden.dialects.ews.envelope import answer
from postwarden.dialects.ews.failures import Violation
from postwarden.dialects.ews.house import House
from postwarden.dialects.kit.asgi import Answer
from postwarden.dialects.kit.requests import Request
from postwarden.model.accounts import Account
from postwarden.model.actors import Actor
from postwarden.wire import xml
from postwarden.wire.xml import Element, NotXml, Xml, tag

NAMESPACE: Final = "http://schemas.microsoft.com/exchange/2010/Autodiscover"
_WSA: Final = "http://www.w3.org/2005/08/addressing"
_ACTION: Final = f"{NAMESPACE}/Autodiscover/GetUserSettingsResponse"
_MAX_USERS: Final = 100
_MAX_SETTINGS: Final = 200

_SCHEMAS: Final = (
    "Exchange2007, Exchange2007_SP1, Exchange2010, Exchange2010_SP1, "
    "Exchange2010_SP2, Exchange2013, Exchange2013_SP1, Exchange2016"
)
_SETTINGS: Final[dict[str, Callable[[Account, str], str]]] = {
    "UserDisplayName": lambda account, _: account.name or str(account.address),
    "UserDN": lambda account, _: f"/o=postwarden/cn={account.id}",
    "AutoDiscoverSMTPAddress": lambda account, _: str(account.address),
    "InternalEwsUrl": lambda _, url: url,
    "ExternalEwsUrl": lambda _, url: url,
    "EwsSupportedSchemas": lambda *_: _SCHEMAS,
    "CasVersion": lambda *_: (
        f"{names.MAJOR}.{names.MINOR}.{names.MAJOR_BUILD}.{names.MINOR_BUILD}"
    ),
}


async def get_user_settings(house: House, actor: Actor, request: Request) -> Answer:
    """Answer for each user the settings that are asked for; raises Failed."""
    asked = _asked(await request.body())
    users = [
        (user.value("a:Mailbox") or "")
        for user in asked.every("a:Request", "a:Users", "a:User")
    ]
    settings = [
        each.text.strip()
        for each in asked.every("a:Request", "a:RequestedSettings", "a:Setting")
    ]
    if not 0 < len(users) <= _MAX_USERS or len(settings) > _MAX_SETTINGS:
        raise Violation("ask for some users and settings", asked)
    found = [
        _user(await account_at(house, actor, name), settings, url(house, request))
        for name in users
    ]
    return answer(_envelope(tag("UserResponses", *found)))


def _asked(content: bytes) -> Element:
    prefixes = {names.SOAP: "s", NAMESPACE: "a"}
    try:
        root = xml.read(content, prefixes=prefixes)
    except NotXml as error:
        raise Violation(str(error), (error.line, error.column)) from error
    asked = root.find("s:Body", "a:GetUserSettingsRequestMessage")
    if root.name != "s:Envelope" or asked is None:
        raise Violation("GetUserSettings is what can be asked here", root)
    return asked


def _user(account: Account | None, settings: list[str], url: str) -> Xml:
    if account is None:
        return tag(
            "UserResponse",
            tag("ErrorCode", "InvalidUser"),
            tag("ErrorMessage", "There is no such mailbox."),
            tag("UserSettingErrors"),
            tag("UserSettings"),
        )
    missing = [
        tag(
            "UserSettingError",
            tag("ErrorCode", "SettingIsNotAvailable"),
            tag("ErrorMessage", "This setting is not available."),
            tag("SettingName", each),
        )
        for each in settings
        if each not in _SETTINGS
    ]
    known = [
        tag(
            "UserSetting",
            tag("Name", each),
            tag("Value", _SETTINGS[each](account, url)),
            **{"i:type": "StringSetting"},
        )
        for each in settings
        if each in _SETTINGS
    ]
    return tag(
        "UserResponse",
        tag("ErrorCode", "NoError"),
        tag("ErrorMessage", "No error."),
        tag("UserSettingErrors", *missing),
        tag("UserSettings", *known),
    )


def _envelope(users: Xml) -> bytes:
    version = tag(
        "h:ServerVersionInfo",
        tag("h:MajorVersion", names.MAJOR),
        tag("h:MinorVersion", names.MINOR),
        tag("h:MajorBuildNumber", names.MAJOR_BUILD),
        tag("h:MinorBuildNumber", names.MINOR_BUILD),
        tag("h:Version", "Exchange2016"),
        **{"xmlns:h": NAMESPACE},
    )
    response = tag(
        "Response",
        tag("ErrorCode", "NoError"),
        tag("ErrorMessage"),
        users,
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<s:Envelope xmlns:s="{names.SOAP}" xmlns:a="{_WSA}">'
        f'<s:Header><a:Action s:mustUnderstand="1">{_ACTION}</a:Action>'
        f"{version}</s:Header><s:Body>"
        f'<GetUserSettingsResponseMessage xmlns="{NAMESPACE}" '
        f'xmlns:i="{names.XSI}">{response}</GetUserSettingsResponseMessage>'
        "</s:Body></s:Envelope>"
    ).encode()
