"""Telling webhooks what happens, in the transaction in which it does.

Most of it follows from audit entries, here and nowhere else; what a worker ends is
told by `tell`.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any

from postwarden.model.audit import AuditEntry, domains_of
from postwarden.model.webhooks import Notice, NoticeName, Webhook
from postwarden.services.ports import UnitOfWork
from postwarden.services.traceids import new_trace_id

DELIVER = "webhook.deliver"
LARGEST = 65_536  # octets of a body; what changed is left out of a larger one

_N = NoticeName
TOLD: Mapping[str, NoticeName] = {
    "domain.create": _N.DOMAIN_CREATED,
    "domain.change": _N.DOMAIN_CHANGED,
    "domain.remove": _N.DOMAIN_REMOVED,
    "domain-alias.create": _N.DOMAIN_ALIAS_CREATED,
    "domain-alias.change": _N.DOMAIN_ALIAS_CHANGED,
    "domain-alias.remove": _N.DOMAIN_ALIAS_REMOVED,
    "account.create": _N.ACCOUNT_CREATED,
    "account.change": _N.ACCOUNT_CHANGED,
    "account.rename": _N.ACCOUNT_RENAMED,
    "account.remove": _N.ACCOUNT_REMOVED,
    "account.log-in-as": _N.ACCOUNT_LOGGED_IN_AS,
    "account.end": _N.ACCOUNT_ENDED,
    "alias.create": _N.ALIAS_CREATED,
    "alias.change": _N.ALIAS_CHANGED,
    "alias.remove": _N.ALIAS_REMOVED,
    "group.create": _N.GROUP_CREATED,
    "group.change": _N.GROUP_CHANGED,
    "group.remove": _N.GROUP_REMOVED,
    "list.create": _N.LIST_CREATED,
    "list.change": _N.LIST_CHANGED,
    "list.remove": _N.LIST_REMOVED,
    "forward.create": _N.FORWARD_CREATED,
    "forward.change": _N.FORWARD_CHANGED,
    "forward.remove": _N.FORWARD_REMOVED,
    "mail.import": _N.MAIL_IMPORTED,
    "mail.export": _N.MAIL_EXPORTED,
    "message.show": _N.MESSAGE_SHOWN,
    "case.open": _N.CASE_OPENED,
    "case.edit": _N.CASE_EDITED,
    "case.preview": _N.CASE_PREVIEWED,
    "case.approve": _N.CASE_APPROVED,
    "case.break-glass": _N.CASE_BREAK_GLASS,
    "case.review": _N.CASE_REVIEWED,
    "case.run": _N.CASE_STARTED,
    "case.stop": _N.CASE_STOPPED,
    "case.resume": _N.CASE_RESUMED,
    "case.arm": _N.CASE_ARMED,
    "case.disarm": _N.CASE_DISARMED,
    "case.undo": _N.CASE_UNDO_STARTED,
    "case.close": _N.CASE_CLOSED,
    "case.export": _N.CASE_EXPORTED,
    "hold.create": _N.HOLD_CREATED,
    "hold.release": _N.HOLD_RELEASED,
    "vault.expire": _N.VAULT_EXPIRED,
    "vault.purge": _N.VAULT_PURGED,
    "vault.restore": _N.VAULT_RESTORED,
    "admin.create": _N.ADMIN_CREATED,
    "admin.change": _N.ADMIN_CHANGED,
    "admin.totp": _N.ADMIN_CHANGED,
    "passkey.create": _N.ADMIN_CHANGED,
    "passkey.remove": _N.ADMIN_CHANGED,
    "admin.remove": _N.ADMIN_REMOVED,
    "admin.link": _N.ADMIN_LINK_MADE,
    "role.create": _N.ROLE_CREATED,
    "role.change": _N.ROLE_CHANGED,
    "role.remove": _N.ROLE_REMOVED,
    "key.create": _N.KEY_CREATED,
    "key.revoke": _N.KEY_REVOKED,
    "task.cancel": _N.TASK_CANCELED,
    "directory.export": _N.DIRECTORY_EXPORTED,
    "store.restore": _N.STORE_RESTORED,
    "webhook.disable": _N.WEBHOOK_DISABLED,
}
"""What is told of an audit entry, by its action."""

UNTOLD = frozenset(
    {
        *("mail.append", "mail.copy", "mail.delete", "mail.flag", "mail.move"),
        *("mailbox.create", "mailbox.remove", "mailbox.rename"),
        "audit.export",
        "audit.verify",
        "backup.create",  # told when it has finished
        "ledger.import",
        "case.act",  # the run is told, not each chunk of it
        "case.order",
        "case.order-return",
        "case.return",
        "ledger.purge",
        "secret.forget",
        "secret.rotate",
        *("quota.recompute", "quota.set"),
        *("rewrite.create", "rewrite.remove"),
        "session.end",
        "store.fsck",
        "system.add",
        "system.change",
        "system.check",
        "system.remove",
        "task.retry",
        "vacation.change",
        "webhook.create",
        "webhook.change",
        "webhook.remove",
        "webhook.test",
        "webhook.replay",
        "webhook.cancel",
    }
)
"""Actions that nobody is told of."""


def tell_of_act(uow: UnitOfWork, entry: AuditEntry) -> None:
    """Tell the webhooks that listen of an administrative act."""
    for name in _names(entry):
        tell(
            uow,
            name,
            entry.object,
            domains=domains_of(entry),
            data={
                "actor": entry.actor,
                "on_behalf_of": entry.on_behalf_of,
                "dialect": entry.dialect,
                "request_id": entry.request_id,
                "before": entry.before,
                "after": entry.after,
            },
        )


def _names(entry: AuditEntry) -> Iterator[NoticeName]:
    name = TOLD.get(entry.action)
    changed = set(entry.after or ())
    if name is _N.ACCOUNT_CHANGED and "password" in changed:
        yield _N.ACCOUNT_PASSWORD_CHANGED
        if changed == {"password"}:
            return
    if name is not None:
        yield name


def tell(
    uow: UnitOfWork,
    name: NoticeName,
    object: str,  # noqa: A002  the field's name in the contract
    *,
    domains: Collection[str] | None = (),
    data: Mapping[str, Any] | None = None,
) -> None:
    """Tell the webhooks that listen what has happened to an object.

    Those of some domains hear what concerns these alone.
    """
    concerned = sorted(domains or ())
    webhooks = uow.webhooks.all()
    if not webhooks:  # as most stores are
        return
    notice = notice_of(uow, name, object, concerned, data or {})
    listening = [webhook for webhook in webhooks if webhook.listens(name, concerned)]
    if not listening:
        return
    uow.outbox.add(notice, [webhook.id for webhook in listening])
    for webhook in listening:
        wake(uow, webhook)


def wake(uow: UnitOfWork, webhook: Webhook) -> None:
    """Let a worker look what a webhook is to be told, as soon as that is tried."""
    task = uow.tasks.add(DELIVER, str(webhook.id), {"webhook": webhook.id}, uow.now)
    uow.tasks.bring_forward(task.id, max(uow.now, webhook.retry_at or uow.now))


def notice_of(
    uow: UnitOfWork,
    name: NoticeName,
    object: str,  # noqa: A002  as above
    domains: Sequence[str],
    data: Mapping[str, Any],
) -> Notice:
    """Return a notice with a key of its own, as it is sent."""
    key, domain = new_trace_id(uow.now), domains[0] if domains else None
    body: dict[str, Any] = {
        "id": key,
        "type": name.value,
        "timestamp": uow.now.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z",
        "object": object,
        "domain": domain,
        **({"domains": list(domains)} if len(domains) > 1 else {}),
        "data": data,
    }
    text = json.dumps(body)
    if len(text) > LARGEST:
        kept = {n: v for n, v in data.items() if n not in {"before", "after"}}
        text = json.dumps({**body, "data": {**kept, "omitted": True}})
    return Notice(
        key=key, time=uow.now, name=name, object=object, domain=domain, body=text
    )
