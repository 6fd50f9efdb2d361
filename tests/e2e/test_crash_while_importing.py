"""An import is killed and given again: everything is there, and once."""

from pathlib import Path

import pytest

from tests.e2e import books, mails
from tests.e2e.places import ENGINES
from tests.e2e.processes import Postwarden
from tests.e2e.waiting import until

MAILS = 3000


@pytest.mark.parametrize("engine", ENGINES)
def test_an_import_that_was_killed_is_given_again(
    postwarden: Postwarden, tmp_path: Path
) -> None:
    folder = tmp_path / "mails"
    for number in range(MAILS):
        mailbox = folder / f"box{number % 7}"
        mailbox.mkdir(parents=True, exist_ok=True)
        (mailbox / f"{number}.eml").write_bytes(mails.mail(f"t{number}"))
    words = ("import", "eml", str(folder), "--account", "ada@example.org")
    serving = postwarden.serve()  # which has made the blobs to look at
    with books.opened(postwarden.data) as seen:
        process = postwarden.start(*words)
        until(lambda: seen.filed().total() > 200, "the import is under way")
        process.kill()
        process.wait()
        done = seen.filed().total()
        assert done < MAILS, "killed too late to prove anything"
        assert not seen.faults()
        told = postwarden.json(*words)
        assert told["skipped_duplicates"] == done
        assert told["imported"] == MAILS - done
        assert told["failed"] == 0
        assert set(seen.filed().values()) == {1}
        assert seen.filed().total() == MAILS
        assert not seen.faults()
    serving.stop()
