"""Tasks about the audit log: following its chain, and signing its newest entry."""

from collections.abc import Mapping
from typing import cast

from postwarden.model.audit_heads import parse_head
from postwarden.services.audit import anchoring, verification
from postwarden.services.audit.verification import LogCheck
from postwarden.worker.context import Lease


async def verify_log(lease: Lease) -> Mapping[str, object]:
    """Follow the log from the first entry to the newest; the result is the verdict."""
    payload, done = lease.task.payload, 0
    key = cast("str | None", payload["key"])
    check = LogCheck(
        [parse_head(each) for each in cast("list[object]", payload["anchors"])],
        key=None if key is None else bytes.fromhex(key),
    )

    async def told(count: int) -> None:
        nonlocal done
        done += count
        await lease.renew(done, 0)

    verdict = await verification.follow(lease.context.store, check, told)
    return verification.verdict_facts(verdict)


async def sign_head(lease: Lease) -> None:
    """Sign the newest entry."""
    if lease.context.signer is not None:
        await anchoring.sign_head(lease.context.store, lease.context.signer)
