"""`message show` as a request, whose body has the reason."""

from postwarden.cli import messages
from postwarden.cli.output import Output
from postwarden.cli.remote.client import Client, segment
from postwarden.cli.remote.words import Words


def show(client: Client, output: Output, words: Words) -> None:
    """Show a message, or as much of it as is asked for."""
    what = messages.what_of(
        headers=words["headers"],
        raw=words["raw"],
        structure=words["structure"],
        part=words["part"],
    )
    path, body = f"/messages/{segment(words['name'])}", {"reason": words["reason"]}
    if words["raw"] or words["part"] is not None:
        asked = body if words["raw"] else {**body, "part": words["part"]}
        content, headers = client.octets("POST", f"{path}/content", asked)
        sha256 = headers.get("content-location", "").split("/")[-2:][0]
        return messages.tell_octets(output, sha256, content)
    shape = client.ask("POST", f"{path}/{what}", {}, body)
    if what == "headers":
        return messages.tell_headers(output, shape)
    if what == "structure":
        return messages.tell_structure(output, shape)
    return messages.tell_text(output, shape)
