"""`postwarden webhook ...`: tell addresses elsewhere what happens here."""

import os
from collections.abc import Sequence
from typing import Annotated

import typer

from postwarden.cli.arguments import Limit, duration_of, read_secret
from postwarden.cli.exits import FAILED
from postwarden.cli.grammar import new_group
from postwarden.cli.invocation import DryRun, Invocation, command
from postwarden.dialects.native.shapes import webhooks as shapes
from postwarden.model.addresses import domain_name
from postwarden.model.errors import Invalid
from postwarden.model.webhooks import (
    Delivery,
    DeliveryState,
    WebhookState,
    event_names,
)
from postwarden.services import deliveries, webhook_sending, webhooks
from postwarden.services.ports import UnitOfWork
from postwarden.wire.webhooks import SecretError, secret_key, secret_text

app = new_group("Tell addresses elsewhere what happens here.")
queue = new_group("See and steer what webhooks are still to be told.")
app.add_typer(queue, name="queue")

_KEY = 32  # octets of a secret that we make

WebhookNumber = Annotated[int, typer.Argument(metavar="N", min=1, help="Its number.")]
DeliveryNumber = Annotated[
    int, typer.Argument(metavar="N", min=1, help="The delivery's number.")
]
Url = Annotated[str, typer.Argument(metavar="URL", show_default=False)]
Events = Annotated[
    list[str] | None,
    typer.Option("--event", metavar="NAME", help="As in account.created, or all ..."),
]
SecretStdin = Annotated[
    bool,
    typer.Option("--secret-stdin", help="Read the secret from standard input."),
]


@command(
    app,
    "create",
    examples=[
        "postwarden webhook create https://example.org/hook --event case.done "
        "--event hold.created",
        "postwarden webhook create https://example.org/hook --event all "
        "--domain example.org",
    ],
)
async def create(
    run: Invocation,
    url: Url,
    *,
    event: Events = None,
    domain: Annotated[
        list[str] | None,
        typer.Option(metavar="DOMAIN", help="Only what concerns it; repeatable."),
    ] = None,
    secret_stdin: SecretStdin = False,
    dry_run: DryRun = False,
) -> None:
    """Tell a URL of some events, signed with a secret that is shown this once.

    docs/webhooks.md has the events, what is sent, and how to check that it is ours.
    """
    key = _key_of_stdin() if secret_stdin else os.urandom(_KEY)
    made = await run.write(
        dry_run,
        webhooks.create,
        run.actor,
        url,
        events=event_names(event or []),
        domains=[domain_name(name) for name in domain or []],
        secret=_sealed(run, key),
    )
    if made is not None:
        run.output.one({**shapes.webhook(made), "secret": secret_text(key)})


@command(app, "list")
async def list_(run: Invocation) -> None:
    """List webhooks, and which of them fail."""
    found = await run.read(webhooks.all_of, run.actor)
    rows = run.output.rows("webhook", "url", "state", "events", "failing_since")
    rows.write(shapes.webhook(each) for each in found)
    if not found:
        run.output.note("no webhooks; see postwarden webhook create --help")


@command(app, "show", examples=["postwarden webhook show 1"])
async def show(run: Invocation, webhook: WebhookNumber) -> None:
    """Show a webhook; its secret is not shown again."""
    found = await run.read(webhooks.get, run.actor, webhook)
    run.output.one(shapes.webhook(found))


@command(
    app,
    "change",
    examples=[
        "postwarden webhook change 1 --state active",
        "postwarden webhook change 1 --new-secret",
        "postwarden webhook change 1 --new-secret --overlap 7d",
        "postwarden webhook change 1 --overlap 0h",
    ],
)
async def change(
    run: Invocation,
    webhook: WebhookNumber,
    *,
    url: Annotated[str | None, typer.Option(metavar="URL", help="Another URL.")] = None,
    event: Events = None,
    state: Annotated[
        str | None,
        typer.Option(metavar="|".join(WebhookState), help="Go on telling it, or not."),
    ] = None,
    new_secret: Annotated[
        bool, typer.Option("--new-secret", help="Make a secret, and show it once.")
    ] = False,
    secret_stdin: SecretStdin = False,
    overlap: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="How long the old secret signs too: 24h."),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Change a webhook. `--event` replaces all events that it has.

    What is sent is signed with both secrets for a day after one was changed, or for
    the time of `--overlap`: 0h where the old one got into wrong hands.
    One that was disabled goes on with what it still is to be told.
    """
    if new_secret and secret_stdin:
        raise Invalid("--new-secret or --secret-stdin, not both", field="new-secret")
    key = os.urandom(_KEY) if new_secret else None
    key = _key_of_stdin() if secret_stdin else key
    lasts = duration_of(overlap, field="overlap")
    given = url is not None or bool(event) or state is not None
    if not given and key is None and lasts is None:
        raise Invalid("nothing to change: give an option (see --help)")
    changed = await run.write(
        dry_run,
        webhooks.change,
        run.actor,
        webhook,
        url=url,
        events=event_names(event) if event else None,
        state=None if state is None else _webhook_state(state),
        secret=None if key is None else _sealed(run, key),
        overlap=lasts,
    )
    if changed is None:
        return
    shown = {**shapes.webhook(changed)}
    if new_secret and key is not None:
        run.output.one({**shown, "secret": secret_text(key)})
    else:
        run.output.done(f"changed webhook {webhook}", shown)


@command(app, "remove", examples=["postwarden webhook remove 1"])
async def remove(
    run: Invocation, webhook: WebhookNumber, *, dry_run: DryRun = False
) -> None:
    """Remove a webhook, with what it still was to be told."""
    removed = await run.write(dry_run, webhooks.remove, run.actor, webhook)
    if removed is not None:
        run.output.done(f"removed webhook {webhook}", shapes.webhook(removed))


@command(app, "test", examples=["postwarden webhook test 1"])
async def try_out(
    run: Invocation, webhook: WebhookNumber, *, dry_run: DryRun = False
) -> None:
    """Send an event of the name webhook.test now, and show what comes back.

    Exit status 1 when that is no success. It is not tried again.
    """
    if dry_run:
        return await run.rehearse(webhook_sending.begin_test, run.actor, webhook)
    platform = run.platform
    tried = await webhook_sending.try_out(
        platform.store, platform.webhook_client, platform.sealer, run.actor, webhook
    )
    run.output.one(shapes.tried(tried))
    if not tried.answer.is_success:
        raise typer.Exit(FAILED)
    return None


@command(
    queue,
    "list",
    examples=["postwarden webhook queue list --webhook 1 --state failed"],
)
async def queue_list(
    run: Invocation,
    *,
    webhook: Annotated[
        int | None, typer.Option(metavar="N", help="Only of this webhook.")
    ] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(
            metavar="|".join(DeliveryState), help="Only of this state; repeatable."
        ),
    ] = None,
    limit: Limit = None,
) -> None:
    """List deliveries, newest first, with the last answer to each."""
    states = [_delivery_state(word) for word in state or []]

    def read(uow: UnitOfWork, before: int, count: int) -> Sequence[Delivery]:
        return deliveries.page(
            *(uow, run.actor),
            before=before,
            limit=count,
            webhook=webhook,
            states=states,
        )

    rows = run.output.rows(
        *("delivery", "webhook", "event", "object", "state", "attempts"),
        *("last_status", "last_error"),
    )
    found = False
    pages = run.pages(read, lambda each: each.id, after=deliveries.LAST, limit=limit)
    async for page in pages:
        found = True
        rows.write(shapes.delivery(each) for each in page)
    if not found:
        run.output.note("no deliveries")


@command(queue, "replay", examples=["postwarden webhook queue replay 17"])
async def queue_replay(
    run: Invocation, delivery: DeliveryNumber, *, dry_run: DryRun = False
) -> None:
    """Deliver once more what was delivered, failed or canceled; the id stays."""
    again = await run.write(dry_run, deliveries.replay, run.actor, delivery)
    if again is not None:
        run.output.done(f"delivery {delivery} is due again", shapes.delivery(again))


@command(queue, "cancel", examples=["postwarden webhook queue cancel 17"])
async def queue_cancel(
    run: Invocation, delivery: DeliveryNumber, *, dry_run: DryRun = False
) -> None:
    """Do not deliver it; it can be replayed as long as it is listed."""
    canceled = await run.write(dry_run, deliveries.cancel, run.actor, delivery)
    if canceled is not None:
        run.output.done(f"canceled delivery {delivery}", shapes.delivery(canceled))


def _sealed(run: Invocation, key: bytes) -> bytes:
    return run.platform.sealer.seal(key, webhooks.SECRET)


def _key_of_stdin() -> bytes:
    try:
        return secret_key(read_secret("secret"))
    except SecretError as error:
        raise Invalid(str(error), field="secret") from None


def _webhook_state(word: str) -> WebhookState:
    try:
        return WebhookState(word)
    except ValueError:
        raise Invalid(
            f"--state takes {', '.join(WebhookState)}", field="state"
        ) from None


def _delivery_state(word: str) -> DeliveryState:
    try:
        return DeliveryState(word)
    except ValueError:
        raise Invalid(
            f"--state takes {', '.join(DeliveryState)}", field="state"
        ) from None
