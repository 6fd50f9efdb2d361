"""`postwarden`: the entry point, and the one place where commands are registered.

A command is a row of `COMMANDS` and a module that is imported only when the
command is asked for. To add `postwarden thing show NAME`:

1. Write `cli/things.py`:

       app = new_group("Manage things.")          # new_app() for a single command

       @command(app, "show", examples=["postwarden thing show lamp"])
       async def show(run: Invocation, name: str) -> None:
           \"\"\"Show a thing.\"\"\"
           thing = await run.read(things.get, run.actor, name)
           run.output.one({"thing": thing.name})

   `new_group`, `new_app` come from `cli.grammar`, `command`, `Invocation`, `Opens`
   and `DryRun` from `cli.invocation`. `run.platform` is open (store, blobs, search,
   passwords, settings) and is closed behind the command; `opens=Opens.NEW` makes a
   store where there is none, `Opens.NOTHING` opens none. `run.output` prints
   (`one`, `done`, `rows`, `problem`, `progress`); raise a MailError to fail, or
   `typer.Exit(n)` for a status of your own.
2. Add a row here. A row whose module is one command (`new_app`) is that command.

Commands whose words are a query: see `cli.query_words`.
"""

import gc
import os
import sys
from collections.abc import Sequence
from typing import Annotated, TextIO

import typer

from postwarden.cli.exits import (
    DONE,
    FAILED,
    INTERRUPTED,
    READER_GONE,
    USAGE,
    exit_status,
)
from postwarden.cli.grammar import Registered, RootGroup
from postwarden.cli.options import GlobalOptions
from postwarden.cli.output import Output
from postwarden.model.errors import Invalid, MailError

_C = "postwarden.cli"
COMMANDS = (
    Registered(
        "quickstart", f"{_C}.quickstart", "app", "Make a store and a first account."
    ),
    Registered("serve", f"{_C}.serve", "app", "Receive mail until SIGTERM."),
    Registered("demo", f"{_C}.demo.command", "app", "See it work on invented mail."),
    Registered("domain", f"{_C}.domains", "app", "Manage hosted domains."),
    Registered(
        "domain-alias", f"{_C}.domain_aliases", "app", "Give domains other names."
    ),
    Registered(
        "directory", f"{_C}.directory", "app", "Write the directory out, read it in."
    ),
    Registered("account", f"{_C}.accounts", "app", "Manage who logs in and gets mail."),
    Registered(
        "alias", f"{_C}.aliases", "app", "Manage addresses that stand for others."
    ),
    Registered("group", f"{_C}.groups", "app", "Manage addresses with members."),
    Registered("list", f"{_C}.groups", "lists", "Manage lists with subscribers."),
    Registered("forward", f"{_C}.forwards", "app", "Send an account's mail elsewhere."),
    Registered(
        "catch-all", f"{_C}.catch_alls", "app", "Take mail for unknown addresses."
    ),
    Registered("find", f"{_C}.finding", "find_app", "List copies where they lie now."),
    Registered("trace", f"{_C}.finding", "trace_app", "Tell what happened to mail."),
    Registered("message", f"{_C}.messages", "app", "Look at what somebody wrote."),
    Registered("case", f"{_C}.cases", "app", "Remove mail everywhere, and undo it."),
    Registered("hold", f"{_C}.holds", "app", "Keep mail from being destroyed."),
    Registered("vault", f"{_C}.vault", "app", "See and restore deleted mail."),
    Registered("import", f"{_C}.importing", "app", "Bring mail from files."),
    Registered("export", f"{_C}.exporting", "app", "Write mail to files."),
    Registered("inventory", f"{_C}.inventory", "app", "List all addresses in a file."),
    Registered("system", f"{_C}.systems", "app", "Drive mail systems elsewhere."),
    Registered("doctor", f"{_C}.doctor", "app", "Check the store and around it."),
    Registered("store", f"{_C}.stores", "app", "Check the store's own files."),
    Registered("backup", f"{_C}.backups", "app", "Copy the whole store."),
    Registered("restore", f"{_C}.backups", "restore_app", "Bring a store back."),
    Registered("bench", f"{_C}.bench", "app", "Measure this machine and its disk."),
    Registered("task", f"{_C}.tasks", "app", "See what runs in the background."),
    Registered("webhook", f"{_C}.webhooks", "app", "Tell others what happens here."),
    Registered("admin", f"{_C}.administrators", "app", "Manage who may administer."),
    Registered("role", f"{_C}.roles", "app", "Manage bundles of permissions."),
    Registered("key", f"{_C}.keys", "app", "Manage API keys."),
    Registered("login", f"{_C}.logins", "app", "See who logs in, and end it."),
    Registered("secret", f"{_C}.secrets", "app", "Change the key that seals secrets."),
    Registered("audit", f"{_C}.audit", "app", "See who changed what."),
)

_EPILOG = """\b
First steps:
  postwarden domain create example.org
  postwarden account create ada@example.org --password-stdin
  postwarden account show ada@example.org
"""

root = typer.Typer(
    cls=RootGroup,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version  # noqa: PLC0415  rarely wanted

        typer.echo(f"postwarden {version('postwarden')}")
        raise typer.Exit(DONE)


@root.callback(epilog=_EPILOG)
def _root(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version."
        ),
    ] = False,
) -> None:
    """A mail platform whose purpose is administration: trace, contain, prove, undo."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit status; raises nothing."""
    gc.disable()  # loading makes no garbage
    words = list(sys.argv[1:] if argv is None else argv)
    options = GlobalOptions()
    try:
        for stream in (sys.stdout, sys.stderr):
            _write_anything(stream)
        status = _run(words, options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _give_up_stdout()
        return READER_GONE
    except MailError as error:
        field = error.field if isinstance(error, Invalid) else None
        _complain(words, options, error.code, str(error), field)
        return exit_status(error)
    except Exception as error:  # noqa: BLE001  the top of the command line
        return _fail(words, options, error)
    finally:
        gc.enable()
        if argv is None:  # the process ends, and looks at everything once more
            gc.freeze()
    return status


def _run(words: list[str], options: GlobalOptions) -> int:
    command = typer.main.get_command(root)
    assert isinstance(command, RootGroup)  # noqa: S101  it was made as one above
    command.registered = COMMANDS
    try:
        with command.make_context("postwarden", words, obj=options) as context:
            command.invoke(context)
    except typer.Exit as ended:
        return ended.exit_code
    except typer.TyperException as error:
        where = getattr(error, "ctx", None)
        path = "postwarden" if where is None else where.command_path
        message = f"{error.format_message().rstrip('.')} (see {path} --help)"
        _complain(words, options, "usage", message)
        return USAGE
    return DONE


def _complain(
    words: Sequence[str],
    options: GlobalOptions,
    code: str,
    message: str,
    field: str | None = None,
) -> None:
    # A line that could not be read may have asked for JSON behind the mistake.
    output = Output(as_json=options.json or "--json" in words)
    output.problem(code, message, field=field)


def _fail(words: Sequence[str], options: GlobalOptions, error: Exception) -> int:
    message = f"{type(error).__name__}: {error}"
    if isinstance(error, OSError):
        _complain(words, options, "failed", message)
    else:
        _complain(words, options, "internal", f"this is a bug of ours: {message}")
    if _debugs(options):
        import traceback  # noqa: PLC0415  for a bug only

        traceback.print_exception(error)
    return FAILED


def _debugs(options: GlobalOptions) -> bool:
    try:
        return options.settings.log.level == "debug"
    except MailError:
        return False


def _write_anything(stream: TextIO) -> None:
    """Let no character that the terminal's encoding lacks end a command."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def _give_up_stdout() -> None:
    """Keep the interpreter from writing once more to a reader that has gone."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):
        pass  # no real file: nothing is written at exit


if __name__ == "__main__":
    sys.exit(main())
