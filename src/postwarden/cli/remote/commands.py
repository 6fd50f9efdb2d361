"""What each command asks of a server, and how its answer is shown.

A word of a request is a parameter of the command, by name or read by a function.
Most commands are one request, as `REMOTE` has them; `OTHERS` are functions. What is
in neither is for the machine that has the store.
"""

from collections.abc import Callable, Mapping

from postwarden.cli.output import Output
from postwarden.cli.remote import (
    account_files,
    auditing,
    directory_files,
    evidence,
    factors,
    inventories,
    messages,
    plans,
    reports,
    tasks,
    vault,
    webhooks,
)
from postwarden.cli.remote.client import Client
from postwarden.cli.remote.directory import DIRECTORY
from postwarden.cli.remote.house import HOUSE
from postwarden.cli.remote.words import Path, Remote, Words
from postwarden.cli.remote.work import WORK

REMOTE: Mapping[Path, Remote] = {**DIRECTORY, **WORK, **webhooks.WEBHOOKS, **HOUSE}

OTHERS: Mapping[Path, Callable[[Client, Output, Words], None]] = {
    ("account", "create-many"): account_files.create_many,
    ("admin", "passkeys"): factors.passkeys,
    ("admin", "totp"): factors.totp,
    ("audit", "verify"): auditing.verify,
    ("case", "export"): evidence.export,
    ("case", "preview"): plans.preview,
    ("case", "report"): reports.case,
    ("directory", "export"): directory_files.export,
    ("directory", "import"): directory_files.import_,
    ("hold", "report"): reports.hold,
    ("inventory", "accounts"): inventories.accounts,
    ("inventory", "lists"): inventories.lists,
    ("message", "show"): messages.show,
    ("task", "await"): tasks.await_end,
    ("vault", "expire"): vault.expire,
    ("vault", "restore"): vault.restore,
    ("webhook", "change"): webhooks.change,
    ("webhook", "test"): webhooks.test,
}
