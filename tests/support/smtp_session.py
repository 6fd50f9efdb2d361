"""Drives a session without sockets."""

from postwarden.model.envelopes import Peer
from postwarden.smtpd.desk import Desk
from postwarden.smtpd.options import ListenerOptions, Service
from postwarden.smtpd.session import LmtpSession, Next, Session
from postwarden.wire.smtp.lines import Lines
from postwarden.wire.smtp.problems import Malformed
from postwarden.wire.smtp.replies import Reply

PEER = Peer(ip="192.0.2.1", port=4321, local_ip="198.51.100.1", local_port=25)
TLS_PEER = Peer(
    ip="192.0.2.1",
    port=4321,
    local_ip="198.51.100.1",
    local_port=587,
    tls="TLSv1.3 TLS_AES_256_GCM_SHA384",
)


def open_session(
    desk: Desk,
    *,
    service: Service = Service.SMTP,
    peer: Peer = PEER,
    offers_tls: bool = False,
    **options: object,
) -> Session:
    kind = LmtpSession if service is Service.LMTP else Session
    return kind(
        desk,
        ListenerOptions(
            address="127.0.0.1:0",
            hostname="mx.example.org",
            service=service,
            **options,  # type: ignore[arg-type]  # whatever the test sets
        ),
        peer,
        offers_tls=lambda: offers_tls,
    )


async def talk(session: Session, octets: bytes) -> list[Reply]:
    """Feed octets as if they had arrived at once; return all replies."""
    lines = Lines(bytearray(octets))
    answers: list[Reply] = []
    while session.next is Next.GO_ON:
        if session.is_receiving:
            rest = session.receive(lines.take_all())
            if rest is None:
                break
            lines.pending += rest
            answers += await session.finish()
            continue
        try:
            line = lines.take()
        except Malformed as malformed:
            answers += session.malformed(malformed.problem)
            continue
        if line is None:
            break
        answers += await session.command(line, pipelined=bool(lines.pending))
    return answers


async def codes(session: Session, octets: bytes) -> list[int]:
    return [reply.code for reply in await talk(session, octets)]
