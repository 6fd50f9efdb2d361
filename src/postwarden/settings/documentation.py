"""docs/settings.md, made from the settings themselves."""

from collections.abc import Iterator
from dataclasses import fields
from inspect import getdoc
from typing import Any

from postwarden.settings.kinds import Kind
from postwarden.settings.sections import Settings
from postwarden.settings.sources import sections_of, variable_of

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
        f"\n## {name}\n\n{getdoc(section)}\n\n" + "\n".join(_rows(name, section)) + "\n"
        for name, section in sections_of(Settings())
        if any("kind" in each.metadata for each in fields(section))
    )


def _rows(section_name: str, section: Any) -> Iterator[str]:
    yield "| setting | default | meaning | takes |"
    yield "|---|---|---|---|"
    for setting in fields(section):
        if "kind" not in setting.metadata:
            continue
        kind: Kind = setting.metadata["kind"]
        name = f"{section_name}.{setting.name}"
        default = kind.show(setting.default)
        yield (
            f"| `{name}`<br>`{variable_of(name)}` | {f'`{default}`' if default else ''}"
            f" | {setting.metadata['meaning']} | {kind.allowed} |"
        )
