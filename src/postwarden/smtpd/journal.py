"""What this edge writes into the log; never content, never secrets."""

from typing import Any

from postwarden.model.envelopes import Peer


def report(error: BaseException, *, peer: Peer | None = None) -> None:
    """Log an exception that nobody expected: a bug of ours, once, with its trace."""
    _logger().error("smtp.failed", exc_info=error, **_of(peer))


def note(event: str, *, peer: Peer | None = None, **values: object) -> None:
    """Log something an administrator may want to know of."""
    _logger().info(event, **_of(peer), **values)


def _of(peer: Peer | None) -> dict[str, object]:
    return {} if peer is None else {"client_ip": peer.ip, "client_port": peer.port}


def _logger() -> Any:
    # Loading it costs a quarter of a second, and most sessions never log.
    import structlog  # noqa: PLC0415

    return structlog.get_logger("postwarden.smtpd")
