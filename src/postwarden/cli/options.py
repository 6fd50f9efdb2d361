"""The options that every command understands, before and after its words."""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from postwarden.bootstrap import Places, places_of
from postwarden.model.errors import Invalid
from postwarden.settings import Settings, load_settings

_VALUED = {
    "--data": ("DIR", "The store's directory. [POSTWARDEN_DATA]"),
    "--store": ("URL", "Where the rows lie: sqlite:PATH. [POSTWARDEN_STORE]"),
    "--blobs": ("URL", "Where the content lies: file:DIR. [POSTWARDEN_BLOBS]"),
    "--config": ("FILE", "Settings in TOML. [POSTWARDEN_CONFIG]"),
    "--server": ("URL", "Work on a Postwarden elsewhere. [POSTWARDEN_SERVER]"),
    "--ca": ("FILE", "Whom to trust for --server, in PEM. [POSTWARDEN_CA]"),
    "--key": ("SECRET", "Act as the actor of this key. [POSTWARDEN_KEY]"),
    "--set": ("SECTION.NAME=VALUE ...", "One setting; may be repeated."),
}
_FLAGS = {
    "--json": "Print JSON: one object, or one per line.",
    "--quiet": "Print results and errors, nothing else.",
}
HELP: list[tuple[str, str]] = [
    *((f"{name} {value}", text) for name, (value, text) in _VALUED.items()),
    *_FLAGS.items(),
]


@dataclass
class GlobalOptions:
    """What was given of them on one command line."""

    values: dict[str, str] = field(default_factory=dict)
    overrides: list[str] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)

    @property
    def json(self) -> bool:
        return "--json" in self.flags

    @property
    def quiet(self) -> bool:
        return "--quiet" in self.flags

    def value(self, name: str) -> str | None:
        """Return an option's value, else its environment variable's."""
        variable = f"POSTWARDEN_{name.removeprefix('--').upper()}"
        return self.values.get(name) or os.environ.get(variable) or None

    @cached_property
    def settings(self) -> Settings:
        """All settings; raises Invalid."""
        config = self.value("--config")
        return load_settings(
            Path(config).expanduser() if config else None, os.environ, self.overrides
        )

    @cached_property
    def places(self) -> Places:
        """Where everything lies; raises Invalid."""
        data = self.value("--data")
        return places_of(
            Path(data) if data else default_data(),
            store=self.value("--store"),
            blobs=self.value("--blobs"),
        )


def default_data() -> Path:
    """Return the user's own place (XDG Base Directory Specification 0.8, §3)."""
    home = os.environ.get("XDG_DATA_HOME", "")
    # A relative path there is to be ignored.
    base = Path(home) if Path(home).is_absolute() else Path("~/.local/share")
    return base.expanduser() / "postwarden"


def take_global_options(
    words: Sequence[str],
    options: GlobalOptions,
    *,
    valued: Collection[str] = (),
    only_leading: bool = False,
) -> list[str]:
    """Move the global options among `words` into `options`; return the rest.

    The words behind `--` are nobody's options, nor is the value of an option in
    `valued`. With `only_leading` the first word that is no option ends it all.
    Raises Invalid for a missing value or one too many.
    """
    rest: list[str] = []
    todo = list(words)
    while todo:
        word = todo.pop(0)
        if word == "--" or (only_leading and not word.startswith("-")):
            return [*rest, word, *todo]
        if word in valued:
            rest += [word, *todo[:1]]
            del todo[:1]
        elif not _take(word, todo, options):
            rest.append(word)
    return rest


def _take(word: str, todo: list[str], options: GlobalOptions) -> bool:
    name, equals, value = word.partition("=")
    if name in _FLAGS:
        if equals:
            raise Invalid(f"{name} takes no value", field=name[2:])
        options.flags.add(name)
        return True
    if name not in _VALUED:
        return False
    if not equals:
        if not todo:
            raise Invalid(f"{name} takes a value", field=name[2:])
        value = todo.pop(0)
    if name == "--set":
        options.overrides.append(value)
    else:
        options.values[name] = value
    return True
