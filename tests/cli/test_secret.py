"""`secret status` and `secret rotate` from the command line."""

from tests.support.command_line import CommandLine


def test_a_rotation_beside_what_was_signed(cli: CommandLine) -> None:
    assert cli("secret", "status", "--json").rows == []
    signed = cli("audit", "anchor").json
    (before,) = cli("secret", "status", "--json").rows
    assert (before["sealed"], before["state"]) == (1, "seals")
    rehearsed = cli("secret", "rotate", "--dry-run", "--json").json
    assert rehearsed["changes"][0]["before"] == {before["key"]: 1}

    rotated = cli("secret", "rotate", "--grace", "0", "--json").json

    assert rotated["dropped"] == [before["key"]]
    assert (rotated["resealed"], rotated["lost"]) == (1, 0)
    assert cli("secret", "status", "--json").rows == [
        {"key": rotated["key"], "sealed": 1, "state": "seals"}
    ]
    anchored = cli("audit", "anchor").json
    assert anchored["public_key"] == signed["public_key"]
    pinned = ("--public-key", signed["public_key"])
    assert cli("audit", "verify", *pinned).status == 0


def test_a_key_that_is_missing_is_said_to_be(cli: CommandLine) -> None:
    cli("audit", "anchor")
    (cli.data / "master.key").unlink()

    status = cli("secret", "status", "--json")

    assert status.status == 1
    assert [row["state"] for row in status.rows] == ["missing"]
    rotated = cli("secret", "rotate", "--grace", "0", "--json")
    assert rotated.status == 1
    assert rotated.json["lost"] == 1
