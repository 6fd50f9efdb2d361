"""Webhooks: creating, changing and removing those who are told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from postwarden.model.actors import Actor
from postwarden.model.errors import Invalid, LimitExceeded, NotFound, Refused
from postwarden.model.permissions import Permission
from postwarden.model.webhooks import NoticeName, Webhook, WebhookState, check_url
from postwarden.services import access, audit, notices
from postwarden.services.ports import UnitOfWork

MAX_WEBHOOKS = 100  # of a store
SECRET = "webhook"  # the purpose that secrets are sealed for  # noqa: S105
OVERLAP = timedelta(days=1)  # in which a secret that was changed still signs
MAX_OVERLAP = timedelta(days=30)
SETTABLE = frozenset(WebhookState)


def create(
    uow: UnitOfWork,
    actor: Actor,
    url: str,
    *,
    events: Sequence[NoticeName],
    secret: bytes,
    domains: Sequence[str] = (),
) -> Webhook:
    """Tell `url` of some events, all without `events`; `secret` is sealed.

    An actor of some domains makes webhooks for all of these or fewer. Raises
    Invalid, NotFound for a domain that is not the actor's, LimitExceeded.
    """
    access.require(actor, Permission.WEBHOOK_READ, Permission.WEBHOOK_WRITE)
    if len(uow.webhooks.all()) >= MAX_WEBHOOKS:
        raise LimitExceeded("webhooks", MAX_WEBHOOKS)
    webhook = uow.webhooks.add(
        Webhook(
            url=check_url(url),
            events=tuple(events),
            domains=_domains(uow, actor, domains),
            secret=secret,
            created_at=uow.now,
            created_by=actor.name,
        )
    )
    audit.record(
        uow,
        actor,
        "webhook.create",
        _object(webhook),
        after=_facts(webhook),
        domains=webhook.domains,
    )
    return webhook


def _domains(
    uow: UnitOfWork, actor: Actor, wanted: Sequence[str]
) -> tuple[str, ...] | None:
    if wanted:
        found = (access.managed_domain(uow, actor, name).name for name in wanted)
        return tuple(sorted(set(found)))
    return None if actor.domains is None else tuple(sorted(actor.domains))


def change(
    uow: UnitOfWork,
    actor: Actor,
    number: int,
    *,
    url: str | None = None,
    events: Sequence[NoticeName] | None = None,
    state: WebhookState | None = None,
    secret: bytes | None = None,
    overlap: timedelta | None = None,
) -> Webhook:
    """Change what is not None; an active one begins anew as if it never failed.

    Beside a new secret the old one signs for the time of `overlap`, so that the
    receiver may change his in between. Without a new secret `overlap` says for how
    long from now the old one still does. Raises NotFound, Invalid, Refused when there
    is no old one.
    """
    access.require(actor, Permission.WEBHOOK_READ, Permission.WEBHOOK_WRITE)
    old = _visible(uow, actor, number)
    new = replace(
        old,
        url=old.url if url is None else check_url(url),
        events=old.events if events is None else tuple(events),
        state=state or old.state,
        failing_since=None,
        retry_at=None,
    )
    new = _resealed(uow, new, secret, overlap)
    uow.webhooks.replace(new)
    before, after = audit.difference(_facts(old), _facts(new))
    if url is not None and old.url != new.url:
        after["url"] = new.origin
    if secret is not None:
        after["secret"] = "changed"  # noqa: S105  that it was, not what it is
    if old.old_until != new.old_until:
        after["old_secret_until"] = new.old_until and new.old_until.isoformat()
    audit.record(
        uow,
        actor,
        "webhook.change",
        _object(new),
        before=before,
        after=after,
        domains=new.domains,
    )
    if new.state is WebhookState.ACTIVE and uow.outbox.next_at(new.id) is not None:
        notices.wake(uow, new)
    return new


def _resealed(
    uow: UnitOfWork, webhook: Webhook, secret: bytes | None, overlap: timedelta | None
) -> Webhook:
    if overlap is not None and not timedelta(0) <= overlap <= MAX_OVERLAP:
        raise Invalid(
            f"an old secret signs for 0 to {MAX_OVERLAP.days} days more",
            field="overlap",
        )
    if secret is None and overlap is None:
        return webhook
    old = webhook.old_secret if secret is None else webhook.secret
    if old is None:
        raise Refused("there is no older secret: it was not changed of late")
    lasts = OVERLAP if overlap is None else overlap
    return replace(
        webhook,
        secret=secret or webhook.secret,
        old_secret=old if lasts else None,
        old_until=uow.now + lasts if lasts else None,
    )


def forget_old_secrets(uow: UnitOfWork) -> int:
    """Forget secrets that sign no more; return how many there were."""
    over = [
        each
        for each in uow.webhooks.all()
        if each.old_until is not None and each.old_until <= uow.now
    ]
    for each in over:
        uow.webhooks.replace(replace(each, old_secret=None, old_until=None))
    return len(over)


def remove(uow: UnitOfWork, actor: Actor, number: int) -> Webhook:
    """Tell it nothing any more, not even what it still was to be told."""
    access.require(actor, Permission.WEBHOOK_READ, Permission.WEBHOOK_WRITE)
    webhook = _visible(uow, actor, number)
    uow.webhooks.remove(number)
    audit.record(
        uow,
        actor,
        "webhook.remove",
        _object(webhook),
        before=_facts(webhook),
        domains=webhook.domains,
    )
    return webhook


def get(uow: UnitOfWork, actor: Actor, number: int) -> Webhook:
    """Return a webhook; raises NotFound."""
    access.require(actor, Permission.WEBHOOK_READ)
    return _visible(uow, actor, number)


def all_of(uow: UnitOfWork, actor: Actor) -> list[Webhook]:
    """Return the webhooks there are for `actor`, in order of ids."""
    access.require(actor, Permission.WEBHOOK_READ)
    return [each for each in uow.webhooks.all() if _is_visible(actor, each)]


def begin_test(uow: UnitOfWork, actor: Actor, number: int) -> Webhook:
    """Write down that a webhook is going to be tried; raises NotFound."""
    access.require(actor, Permission.WEBHOOK_READ, Permission.WEBHOOK_WRITE)
    webhook = _visible(uow, actor, number)
    audit.record(uow, actor, "webhook.test", _object(webhook), domains=webhook.domains)
    return webhook


def _visible(uow: UnitOfWork, actor: Actor, number: int) -> Webhook:
    webhook = uow.webhooks.get(number)
    if not _is_visible(actor, webhook):
        raise NotFound("webhook", str(number))
    return webhook


def _is_visible(actor: Actor, webhook: Webhook) -> bool:
    """Whether it tells of nothing but what its actor manages."""
    if actor.domains is None:
        return True
    return webhook.domains is not None and actor.domains >= set(webhook.domains)


def _object(webhook: Webhook) -> str:
    return f"webhook {webhook.id}"


def _facts(webhook: Webhook) -> Mapping[str, Any]:
    return {
        "url": webhook.origin,  # a path may hold a secret
        "events": [name.value for name in webhook.events] or "all",
        "domains": "all" if webhook.domains is None else list(webhook.domains),
        "state": webhook.state.value,
    }
