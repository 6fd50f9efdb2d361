"""Where settings come from: a TOML file, the environment, `--set`; the last wins."""

import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import Field, fields, replace
from pathlib import Path
from typing import Any

from postwarden.model.errors import Invalid, NotFound
from postwarden.settings.kinds import Kind
from postwarden.settings.sections import Settings

PREFIX = "POSTWARDEN_"
MAX_FILE = 1024 * 1024  # octets

# Variables that begin like settings and are none: options of the command line,
# what tests use, and what Kubernetes writes for a service named "postwarden"
# (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
_OTHERS = frozenset({"DATA", "STORE", "BLOBS", "CONFIG", "SERVER", "CA", "KEY"})
_OTHER_BEGINNINGS = ("TEST_", "SERVICE_", "PORT_", "PORT=")


def load_settings(
    config: Path | None = None,
    environment: Mapping[str, str] | None = None,
    overrides: Sequence[str] = (),
) -> Settings:
    """Return all settings.

    `overrides` are `SECTION.NAME=VALUE`. Raises Invalid, whose field is the
    setting's name, for unknown names and bad values, and NotFound when the file
    `config` is not there.
    """
    values: dict[str, object] = {}
    if config is not None:
        values.update(_from_file(config))
    values.update(_from_environment(environment or {}))
    values.update(_from_overrides(overrides))
    return _settings_with(values)


def setting_fields() -> Iterator[tuple[str, "Field[Any]"]]:
    """Yield every setting as (`section.name`, its dataclass field)."""
    for name, section in sections_of(Settings()):
        for setting in fields(section):
            if "kind" in setting.metadata:
                yield f"{name}.{setting.name}", setting


def sections_of(settings: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every section with its dotted name, those within sections behind it."""
    for each in fields(settings):
        if "kind" not in each.metadata:
            section, name = getattr(settings, each.name), f"{prefix}{each.name}"
            yield name, section
            yield from sections_of(section, f"{name}.")


def variable_of(name: str) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + name.replace(".", "_").upper()


def _from_file(path: Path) -> Iterator[tuple[str, object]]:
    sections = {name for name, _ in sections_of(Settings())}
    for section, values in _toml(path).items():
        if not isinstance(values, dict):
            raise Invalid(
                f"{path}: settings stand in sections, as in [smtp]; not {section!r}",
                field=section,
            )
        yield from _in_section(section, values, sections)


def _in_section(
    section: str, values: Mapping[str, object], sections: Collection[str]
) -> Iterator[tuple[str, object]]:
    for key, value in values.items():
        name = f"{section}.{key}"
        if name in sections and isinstance(value, dict):
            yield from _in_section(name, value, sections)
        else:
            yield name, value


def _toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            octets = file.read(MAX_FILE + 1)
    except FileNotFoundError as error:
        raise NotFound("configuration file", str(path)) from error
    except OSError as error:
        raise Invalid(f"cannot read {path}: {error.strerror}") from error
    if len(octets) > MAX_FILE:
        raise Invalid(f"{path} is larger than {MAX_FILE} octets")
    try:
        return tomllib.loads(octets.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise Invalid(f"{path} is not TOML: {error}") from error


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, object]]:
    names = {variable_of(name): name for name, _ in setting_fields()}
    for variable, value in environment.items():
        if not variable.startswith(PREFIX):
            continue
        rest = variable.removeprefix(PREFIX)
        if rest in _OTHERS or f"{rest}=".startswith(_OTHER_BEGINNINGS):
            continue
        if variable not in names:
            raise _unknown(variable)
        yield names[variable], value


def _from_overrides(overrides: Sequence[str]) -> Iterator[tuple[str, object]]:
    for override in overrides:
        name, equals, value = override.partition("=")
        if not equals:
            raise Invalid(
                f"--set takes SECTION.NAME=VALUE; not {override!r}", field="set"
            )
        yield name.strip(), value


def _settings_with(values: Mapping[str, object]) -> Settings:
    known = dict(setting_fields())
    settings = Settings()
    for name, value in values.items():
        if name not in known:
            raise _unknown(name)
        read = _read(name, known[name].metadata["kind"], value)
        settings = _replaced(settings, name.split("."), read)
    return settings


def _replaced(section: Any, path: Sequence[str], value: object) -> Any:
    # The value is of the field's type, since its kind has read it.
    name, *rest = path
    new = _replaced(getattr(section, name), rest, value) if rest else value
    return replace(section, **{name: new})


def _read(name: str, kind: Kind, value: object) -> object:
    try:
        return kind.read(value)
    except (ValueError, OverflowError, Invalid) as error:
        raise Invalid(
            f"{name} takes {kind.allowed}; not {str(value)[:80]!r}", field=name
        ) from error


def _unknown(name: str) -> Invalid:
    from difflib import get_close_matches  # noqa: PLC0415  only a mistake pays for it

    known = [name for name, _ in setting_fields()]
    if name.startswith(PREFIX):
        known = [variable_of(name) for name in known]
    close = get_close_matches(name, known, n=1)
    advice = f"did you mean {close[0]}?" if close else "see docs/settings.md"
    return Invalid(f"there is no setting {name}: {advice}", field=name)
