"""Copies, events and plan items as the fields that scripts rely on."""

from postwarden.model.cases import MatchClass
from postwarden.model.mailboxes import flag_names
from postwarden.services.ports import CopyFacts


def copy_row(
    facts: CopyFacts, match_class: MatchClass | None = None
) -> dict[str, object]:
    """Return a copy as `find` and the index of an export print it."""
    row: dict[str, object] = {
        "account": facts.address,
        "mailbox": facts.mailbox,
        "uid": facts.uid,
        "flags": flag_names(facts.flags, facts.keywords),
        "internal_date": facts.internal_date,
        "size": facts.size,
        "sha256": facts.sha256.hex(),
        "message_id": facts.message_id and f"<{facts.message_id}>",
        "fingerprint": facts.fingerprint and facts.fingerprint.hex(),
        "subject": facts.subject,
        "author": facts.author,
        "state": facts.state.value,
        "hold": [],
    }
    if match_class is not None:
        row["class"] = match_class.value
    return row
