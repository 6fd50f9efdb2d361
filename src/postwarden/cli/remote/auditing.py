"""`audit verify` as an order and its task, whose result is the verdict."""

from postwarden.cli.audit import tell
from postwarden.cli.output import Output
from postwarden.cli.remote.asking import completed
from postwarden.cli.remote.client import Client
from postwarden.cli.remote.words import Words
from postwarden.cli.signatures import anchors_of, public_key_of
from postwarden.model.audit_heads import head_facts


def verify(client: Client, output: Output, words: Words) -> None:
    """Let the server follow its log, against heads that are kept here."""
    key = public_key_of(words["public_key"])
    anchors = [head_facts(each) for each in anchors_of(words["anchor"])]
    pinned = {} if key is None else {"public_key": key.hex()}
    ordered = client.ask(
        "POST", "/audit/verification", {}, {"anchors": anchors, **pinned}
    )
    tell(output, completed(client, ordered["task"])["result"], "the audit log")
