"""Transcript settings to a listener and a desk in memory.

@ service smtp|submission|lmtp
@ tls                          STARTTLS is offered
@ message-size N, recipients N limits
@ domain NAME                  recipients elsewhere do not exist
@ refuse PATH CODE             what the desk raises, by the code of the error
@ outcome PATH CODE            what becomes of one recipient (LMTP)
"""

from typing import Any

from postwarden.model import errors
from postwarden.smtpd.options import Limits, Service
from tests.support.smtp_desk import ScriptedDesk
from tests.support.smtp_player import Transcript, play
from tests.support.smtp_server import serving

ERRORS: dict[str, errors.MailError] = {
    error.code: error
    for error in (
        errors.Invalid("x"),
        errors.Forbidden("x"),
        errors.NotFound("address", "x"),
        errors.Refused("x"),
        errors.LimitExceeded("x", 1),
        errors.OverQuota("x", 1),
        errors.Unavailable("x"),
        errors.StorageFull("x"),
    )
}


async def play_on_scripted_desk(transcript: Transcript) -> ScriptedDesk:
    """Play against a fresh listener; return its desk."""
    # Transcripts of refusals are long; back-off has its own tests.
    limits: dict[str, Any] = {"error_delay_seconds": 0, "errors": 1000}
    refuse: dict[str, Exception] = {}
    outcomes: dict[str, errors.MailError] = {}
    service, tls, domains = Service.SMTP, False, set[str]()
    for setting in transcript.settings:
        match setting:
            case ["service", name]:
                service = Service(name)
            case ["tls"]:
                tls = True
            case ["message-size" | "recipients" as name, number]:
                limits[name.replace("-", "_")] = int(number)
            case ["domain", name]:
                domains.add(name)
            case ["refuse", path, code]:
                refuse[path] = ERRORS[code]
            case ["outcome", path, code]:
                outcomes[path] = ERRORS[code]
            case _:
                raise AssertionError(f"{transcript.name}: unknown setting {setting}")
    desk = ScriptedDesk(
        refuse=refuse, outcomes=outcomes, domains=frozenset(domains) or None
    )
    async with (
        serving(desk, tls=tls, service=service, limits=Limits(**limits)) as served,
        served.connect() as client,
    ):
        await play(transcript, client)
    return desk
