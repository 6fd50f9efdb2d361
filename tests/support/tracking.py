"""Message tracking logs of a small organisation with three servers."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from postwarden.wire.tracking_log import header, line, time_text

MESSAGE_ID = "<big.1@example.net>"
NETWORK_ID = "0a6f1d6e-2f3b-4c0e-9f3a-08de2d9b1a01"
DSN_ID = "0a6f1d6e-2f3b-4c0e-9f3a-08de2d9b1a02"
SIZE = 6 * 2**20

Fields = Mapping[str, str]


def row(
    time: datetime, event: str, *recipients: str, server: str = "edge1", **more: str
) -> dict[str, str]:
    """A row; `more` are fields with underscores for hyphens."""
    fields = {
        "date-time": time_text(time),
        "server-hostname": server,
        "source": "SMTP",
        "event-id": event,
        "message-id": MESSAGE_ID,
        "network-message-id": NETWORK_ID,
        "recipient-address": ";".join(recipients),
        "total-bytes": str(SIZE),
        "recipient-count": str(len(recipients)),
        "message-subject": "Quarterly figures, final",
        "sender-address": "eve@example.net",
        "return-path": "eve@example.net",
        "directionality": "Incoming",
    }
    return {**fields, **{k.replace("_", "-"): v for k, v in more.items()}}


def organisation(began: datetime) -> dict[str, list[dict[str, str]]]:
    """One large mail to ada, to a team and to somebody gone, by server.

    The team is bob, whose mailbox lies on another server, and carl, who forwards.
    """

    def at(seconds: float) -> datetime:
        return began + timedelta(seconds=seconds)

    ada, bob, carl = (f"{name}@example.org" for name in ("ada", "bob", "carl"))
    team, gone, away = "team@example.org", "gone@example.org", "carl@elsewhere.example"
    mbx1, mbx2 = "mbx1", "mbx2"
    return {
        "edge1": [
            row(at(0), "RECEIVE", ada, team, gone, client_ip="192.0.2.7"),
            row(at(1), "SEND", ada, team, gone, recipient_status="250 2.6.0;;"),
        ],
        mbx1: [
            row(at(1.5), "RECEIVE", ada, team, gone, server=mbx1, client_ip="10.0.0.1"),
            row(
                at(2),
                "EXPAND",
                *(bob, carl),
                server=mbx1,
                source="ROUTING",
                related_recipient_address=team,
            ),
            row(
                at(2.1),
                "REDIRECT",
                away,
                server=mbx1,
                source="ROUTING",
                related_recipient_address=carl,
            ),
            row(at(2.2), "TRANSFER", bob, server=mbx1, source="ROUTING"),
            row(at(2.3), "SEND", away, server=mbx1, recipient_status="250 2.0.0 OK"),
            row(
                at(2.4),
                "FAIL",
                gone,
                server=mbx1,
                source="ROUTING",
                recipient_status="550 5.1.1 RESOLVER.ADR.RecipNotFound; not found",
            ),
            row(at(3), "DELIVER", ada, server=mbx1, source="STOREDRIVER"),
            row(
                at(4),
                "DSN",
                "eve@example.net",
                server=mbx1,
                source="DSN",
                message_id="<dsn.1@example.org>",
                network_message_id=DSN_ID,
                reference=MESSAGE_ID,
                total_bytes="4711",
                return_path="<>",
                sender_address="postmaster@example.org",
                message_subject="Undeliverable: Quarterly figures, final",
            ),
        ],
        mbx2: [
            row(at(3), "RECEIVE", bob, server=mbx2, client_ip="10.0.0.2"),
            row(
                at(3.5),
                "DELIVER",
                bob,
                server=mbx2,
                source="STOREDRIVER",
                custom_data="S:MailboxDatabaseName=DB02",
            ),
        ],
    }


def log(began: datetime, rows: Sequence[Fields]) -> bytes:
    """A log with a byte order mark, whose service was restarted after each third."""
    parts = [b"\xef\xbb\xbf"]
    for start in range(0, len(rows), 3):
        parts += [header(began), *map(line, rows[start : start + 3])]
    return b"".join(parts)


def write_logs(folder: Path, began: datetime) -> Path:
    """Write the logs of all servers, each in a folder of its own."""
    for server, rows in organisation(began).items():
        path = folder / server / f"msgtrk{began:%Y%m%d}-1.log"
        path.parent.mkdir(parents=True)
        path.write_bytes(log(began, rows))
        (path.parent / "RECV20261127-1.LOG").write_bytes(b"#Fields: session-id\n")
    return folder
