"""Absences: GetUserOofSettings, SetUserOofSettings (Out Of Office).

They are kept and shown; nobody is answered yet.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, TypeVar

from postwarden.dialects.ews import acting
from postwarden.dialects.ews.calls import Call
from postwarden.dialects.ews.failures import Violation
from postwarden.dialects.ews.operations import Operations
from postwarden.dialects.ews.reading import child
from postwarden.dialects.ews.responses import single
from postwarden.model.actors import Actor
from postwarden.model.vacations import Absence, Audience, Vacation
from postwarden.services.mailboxes import vacations as service
from postwarden.wire.xml import Element, Xml, tag

E = TypeVar("E", bound=StrEnum)

absences = Operations()

_STATES: Final = {
    "Disabled": Absence.PRESENT,
    "Enabled": Absence.AWAY,
    "Scheduled": Absence.PLANNED,
}
_AUDIENCES: Final = {
    "None": Audience.NOBODY,
    "Known": Audience.KNOWN,
    "All": Audience.EVERYBODY,
}
_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?", re.ASCII
)


@absences("GetUserOofSettingsRequest", response="m:GetUserOofSettingsResponse")
async def get_user_oof_settings(call: Call, asked: Element) -> Xml:
    """Show whether an owner is away, and what he answers."""
    actor = await _owner(call, asked)
    found = await call.read(service.get, actor, actor.account)
    allowed = tag("m:AllowExternalOof", _word(_AUDIENCES, Audience.EVERYBODY))
    return Xml(single() + _settings(found) + allowed)


@absences("SetUserOofSettingsRequest", response="m:SetUserOofSettingsResponse")
async def set_user_oof_settings(call: Call, asked: Element) -> Xml:
    """Set whether an owner is away, and what he answers."""
    actor = await _owner(call, asked)
    given = child(asked, "t:UserOofSettings")
    duration = given.find("t:Duration")
    vacation = Vacation(
        absence=_one(_STATES, child(given, "t:OofState")),
        audience=_one(_AUDIENCES, child(given, "t:ExternalAudience")),
        begins=None if duration is None else _time(child(duration, "t:StartTime")),
        ends=None if duration is None else _time(child(duration, "t:EndTime")),
        inside=given.value("t:InternalReply", "t:Message") or "",
        outside=given.value("t:ExternalReply", "t:Message") or "",
    )
    await call.transact(service.change, actor, actor.account, vacation)
    return single()


async def _owner(call: Call, asked: Element) -> Actor:
    whose = child(asked, "t:Mailbox", "t:Address").text.strip()
    return await acting.owner_at(call.house.store, call.actor, whose)


def _one(words: Mapping[str, E], element: Element) -> E:
    found = words.get(element.text.strip())
    if found is None:
        message = f"{element.local} cannot be {element.text.strip()[:40]!r}"
        raise Violation(message, element)
    return found


def _word(words: Mapping[str, E], wanted: E) -> str:
    return next(word for word, each in words.items() if each is wanted)


def _settings(vacation: Vacation) -> Xml:
    duration = None
    if vacation.begins is not None and vacation.ends is not None:
        duration = tag(
            "t:Duration",
            tag("t:StartTime", vacation.begins),
            tag("t:EndTime", vacation.ends),
        )
    return tag(
        "t:OofSettings",
        tag("t:OofState", _word(_STATES, vacation.absence)),
        tag("t:ExternalAudience", _word(_AUDIENCES, vacation.audience)),
        duration,
        tag("t:InternalReply", tag("t:Message", vacation.inside)),
        tag("t:ExternalReply", tag("t:Message", vacation.outside)),
    )


def _time(element: Element) -> datetime:
    """Return an xs:dateTime; one without a zone is UTC."""
    text = element.text.strip()
    if not _TIME.fullmatch(text):
        raise Violation(f"{text[:40]!r} is no time", element)
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Violation(f"{text!r} is no time", element) from error
