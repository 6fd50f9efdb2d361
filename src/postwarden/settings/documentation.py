"""docs/settings.md, made from the settings themselves."""

from collections.abc import Iterator
from dataclasses import fields
from inspect import getdoc

from postwarden.settings.kinds import Kind
from postwarden.settings.sections import Settings
from postwarden.settings.sources import variable_of

_INTRODUCTION = """\
# Settings

Generated from `postwarden.settings`; `make docs` writes it again.

A setting comes from `--config FILE`, which is TOML with a table per section, from
the environment, or from `--set SECTION.NAME=VALUE`, which may be repeated. The last
of these wins. A name that does not exist stops the program, and so does a value that
is not allowed.

```toml
[smtp]
message_size = "25M"
```

is the same as `POSTWARDEN_SMTP_MESSAGE_SIZE=25M` and as
`--set smtp.message_size=25M`.
"""


def settings_markdown() -> str:
    """Return docs/settings.md."""
    return _INTRODUCTION + "".join(
        f"\n## {section.name}\n\n{getdoc(getattr(Settings(), section.name))}\n\n"
        + "\n".join(_rows(section.name))
        + "\n"
        for section in fields(Settings)
    )


def _rows(section: str) -> Iterator[str]:
    yield "| setting | default | meaning | takes |"
    yield "|---|---|---|---|"
    for setting in fields(getattr(Settings(), section)):
        kind: Kind = setting.metadata["kind"]
        name = f"{section}.{setting.name}"
        default = kind.show(setting.default)
        yield (
            f"| `{name}`<br>`{variable_of(name)}` | {f'`{default}`' if default else ''}"
            f" | {setting.metadata['meaning']} | {kind.allowed} |"
        )
