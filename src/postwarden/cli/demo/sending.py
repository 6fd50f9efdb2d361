"""Bringing the demo's mail to its own SMTP and LMTP ports, as other servers do."""

import asyncio
import smtplib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from postwarden.cli.demo.mail import Mail
from postwarden.model.errors import Unavailable

COURIERS = 4  # connections of each kind
_SLOT = timedelta(minutes=10)  # mails of one slot arrive together
_PATIENCE = 30  # seconds


class Courier:
    """One connection to each port; its methods block."""

    def __init__(self, smtp: str, lmtp: str) -> None:
        self._smtp = smtplib.SMTP(*_place(smtp), "mx.example", timeout=_PATIENCE)
        self._lmtp = smtplib.LMTP(*_place(lmtp), "front.example", timeout=_PATIENCE)
        for client in (self._smtp, self._lmtp):
            client.ehlo_or_helo_if_needed()

    def bring(self, mails: Iterable[Mail]) -> None:
        """Hand some mails over; raises Unavailable when one is not taken."""
        try:
            for mail in mails:
                self._bring(mail)
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(f"the demo could not bring its mail: {error}") from error

    def _bring(self, mail: Mail) -> None:
        client = self._lmtp if mail.is_ours else self._smtp
        _expect(250, *client.mail(mail.reverse_path, ["BODY=8BITMIME"]))
        for address in mail.forward_paths:
            _expect(250, *client.rcpt(address))
        _expect(250, *client.data(mail.content))
        if mail.is_ours:  # LMTP answers for each recipient (RFC 2033 §4.2)
            for _ in mail.forward_paths[1:]:
                _expect(250, *client.getreply())

    def part(self) -> None:
        """Say goodbye."""
        for client in (self._smtp, self._lmtp):
            client.quit()

    def drop(self) -> None:
        """Close without a word, whatever is under way."""
        for client in (self._smtp, self._lmtp):
            client.close()


async def bring(
    mails: Sequence[Mail], smtp: str, lmtp: str, be: Callable[[datetime, int], None]
) -> None:
    """Bring all mails in order of time.

    Before each slot `be` hears what time it is then, and how many mails come.
    Raises Unavailable when a mail is not taken.
    """
    async with asyncio.timeout(_PATIENCE):
        couriers = await asyncio.gather(
            *(asyncio.to_thread(Courier, smtp, lmtp) for _ in range(COURIERS))
        )
    try:
        for slot in _slots(mails):
            be(slot[-1].time, len(slot))
            await asyncio.gather(
                *(
                    asyncio.to_thread(courier.bring, slot[number::COURIERS])
                    for number, courier in enumerate(couriers[: len(slot)])
                )
            )
    except BaseException:
        for courier in couriers:  # some may be at work in their threads
            courier.drop()
        raise
    await asyncio.gather(*(asyncio.to_thread(each.part) for each in couriers))


def _slots(mails: Sequence[Mail]) -> Iterator[list[Mail]]:
    ordered = sorted(mails, key=lambda mail: mail.time)
    for _, slot in groupby(
        ordered, key=lambda mail: mail.time.timestamp() // _SLOT.total_seconds()
    ):
        yield list(slot)


def _place(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)


def _expect(wanted: int, code: int, text: bytes) -> None:
    if code != wanted:
        raise smtplib.SMTPResponseException(code, text)
