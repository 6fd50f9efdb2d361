"""What each command asks of a server, and how its answer is shown.

A word of a request is a parameter of the command, by name or read by a function.
What is not in `REMOTE` is for the machine that has the store.
"""

from postwarden.cli.remote.directory import DIRECTORY
from postwarden.cli.remote.house import HOUSE
from postwarden.cli.remote.words import Path, Remote
from postwarden.cli.remote.work import WORK

REMOTE: dict[Path, Remote] = {**DIRECTORY, **WORK, **HOUSE}
