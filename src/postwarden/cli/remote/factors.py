"""`admin totp` and `admin passkeys` as requests."""

from postwarden.cli.administrators import totp_words
from postwarden.cli.arguments import read_password
from postwarden.cli.output import Output
from postwarden.cli.remote.client import Client, segment
from postwarden.cli.remote.words import Words


def totp(client: Client, output: Output, words: Words) -> None:
    """Propose a secret, switch codes on with a code of it, or switch them off."""
    path = f"/administrators/{segment(words['name'])}/totp"
    code, remove = words["code"], words["remove"]
    if not totp_words(code=code, secret_stdin=words["secret_stdin"], remove=remove):
        return output.one(client.ask("GET", path))
    if remove:
        shape = client.ask("DELETE", path)
        return output.done(f"{shape['admin']} is asked for no more codes", shape)
    body = {"secret": read_password(), "code": code}
    return output.one(client.ask("POST", path, {}, body))


def passkeys(client: Client, output: Output, words: Words) -> None:
    """List an administrator's passkeys, or take one away."""
    path = f"/administrators/{segment(words['name'])}/passkeys"
    if words["remove"] is not None:
        gone = client.ask("DELETE", f"{path}/{words['remove']}")
        return output.done(f"removed passkey {gone['id']}", gone)
    rows = output.rows("id", "name", "created_at", "last_used_at")
    return rows.write(client.lines(path))
