"""What the words and options of `postwarden case` have in common."""

from typing import Annotated

import typer

from postwarden.cli.grammar import new_group
from postwarden.model.cases import INCLUDABLE, Action, MatchClass, OwnerNotice
from postwarden.model.errors import Invalid

app = new_group("Find every copy, remove it, prove it, take it back.")

CaseNumber = Annotated[int, typer.Argument(metavar="N", help="The case's number.")]


def action_of(word: str) -> Action:
    try:
        return Action(word)
    except ValueError:
        raise Invalid(f"--action takes {', '.join(Action)}", field="action") from None


def notice_of(word: str) -> OwnerNotice:
    try:
        return OwnerNotice(word)
    except ValueError:
        raise Invalid(
            f"--notice takes {', '.join(OwnerNotice)}", field="notice"
        ) from None


def includable(word: str) -> MatchClass:
    if word not in INCLUDABLE:
        raise Invalid(
            f"--include takes {', '.join(sorted(INCLUDABLE))}", field="include"
        )
    return MatchClass(word)


def sha256_of(text: str) -> bytes:
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        digest = b""
    if len(digest) != 32:
        raise Invalid("--plan takes 64 hexadecimal digits", field="plan")
    return digest
