"""The examples of docs/api.md work, each on a store that is prepared for them."""

import re
import shlex

import pytest

from tests.docs import tree
from tests.support import prepared

FILES = {"@directory.csv": b"kind,domain\r\ndomain,new.test\r\n"}
EXAMPLES = re.findall(
    r"^    (curl .*)$", (tree.DOCS / "api.md").read_text("utf-8"), re.MULTILINE
)


@pytest.mark.parametrize("line", EXAMPLES)
async def test_an_example_works(line: str) -> None:
    town = (await prepared.prepare_once()).fresh()
    town.house.closing.clear()
    for word, means in {"$API": "", "$KEY": "operator", **town.made}.items():
        line = line.replace(word, str(means))
    words = shlex.split(line)[1:]
    method, path, query = "GET", "", ""
    headers: dict[str, str] = {}
    content: bytes | None = None
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name.lower()] = value
        elif word == "-o":
            words.pop(0)
        elif word == "--data-binary":
            content = FILES[words.pop(0)]
        elif word == "-d":
            content = words.pop(0).encode()
        else:
            path, _, query = word.partition("?")
    answered = await town.client()(
        method, path, query=query, content=content, headers=headers
    )
    assert answered.status in {200, 201, 202, 207}, answered.body
