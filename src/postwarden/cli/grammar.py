"""How command lines are read: typer's commands with our global options.

Help is plain text, there are no one-letter options, and a group imports a
command's module only when that command is asked for.
"""

from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from postwarden.cli.options import HELP, GlobalOptions, take_global_options


class Registered(NamedTuple):
    """A command or group of commands that is imported when it is asked for.

    `module` has a typer app of the name `attribute`, made by `new_group`, or by
    `new_app` where `name` is the whole command.
    """

    name: str
    module: str
    attribute: str
    meaning: str


def new_group(meaning: str, *, default: str | None = None) -> typer.Typer:
    """Return an app whose commands are words behind its own name.

    Options without such a word are meant for the command `default`.
    """
    app = new_app()
    if default is not None:
        app.info.cls = type("DefaultingGroup", (Group,), {"default": default})
    app.callback(help=meaning)(lambda: None)
    return app


def new_app() -> typer.Typer:
    """Return an app for one command, or for several that stand at the top."""
    return typer.Typer(
        cls=Group,
        rich_markup_mode=None,
        add_completion=False,
        pretty_exceptions_enable=False,
    )


def options_with_value(command: Any, ctx: Any) -> set[str]:
    """Return the options of `command` that take the next word as their value."""
    return {
        name
        for parameter in command.get_params(ctx)
        if parameter.param_type_name == "option" and not parameter.is_flag
        for name in parameter.opts
    }


class Command(TyperCommand):
    """One command; the global options may stand anywhere among its words."""

    # typer's contexts come from a private module of it: hence Any.
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        valued = options_with_value(self, ctx)
        words = take_global_options(args, _options(ctx), valued=valued)
        return self.parse_own_words(ctx, words)

    def parse_own_words(self, ctx: Any, words: list[str]) -> list[str]:
        """Parse what is left without the global options."""
        return super().parse_args(ctx, words)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        super().format_epilog(ctx, formatter)
        formatter.write_paragraph()
        formatter.write_text("Options of all commands: postwarden --help")


class Group(TyperGroup):
    """Some commands; the global options may stand before their names."""

    default: str | None = None  # the command that options alone are meant for

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        words = take_global_options(args, _options(ctx), only_leading=True)
        if (
            self.default
            and words
            and words[0].startswith("--")
            and words[0] != "--help"
        ):
            words = [self.default, *words]
        if not words and not self.invoke_without_command:
            typer.echo(ctx.get_help(), err=True)
            raise typer.Exit(2)
        return super().parse_args(ctx, words)


class RootGroup(Group):
    """`postwarden` itself."""

    registered: Sequence[Registered] = ()

    def list_commands(self, ctx: Any) -> list[str]:
        return [each.name for each in self.registered]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        known = self.commands.get(cmd_name)
        if known is None:
            known = self._imported(cmd_name)
        return known

    def _imported(self, name: str) -> Any:
        for each in self.registered:
            if each.name == name:
                app = getattr(import_module(each.module), each.attribute)
                command = typer.main.get_command(app)
                command.name = name
                self.commands[name] = command
                return command
        return None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if self.get_command(ctx, args[0]) is None:
            close = get_close_matches(args[0], self.list_commands(ctx), n=1)
            advice = f"; did you mean {close[0]}?" if close else ""
            ctx.fail(f"there is no command {args[0]!r}{advice}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the registered commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(each.name, each.meaning) for each in self.registered])
        with formatter.section("Options of all commands"):
            formatter.write_dl(HELP)


def _options(ctx: Any) -> GlobalOptions:
    options: GlobalOptions = ctx.ensure_object(GlobalOptions)
    return options
