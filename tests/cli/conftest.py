"""A command line on a store of its own."""

import shutil
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.stores import make_sqlite


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sqlite(tmp_path_factory.mktemp("empty"))


@pytest.fixture
def nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    """A command line whose store is not made yet."""
    for variable in ("DATA", "STORE", "BLOBS", "CONFIG", "KEY", "SERVER", "CA"):
        monkeypatch.delenv(f"POSTWARDEN_{variable}", raising=False)
    return CommandLine(tmp_path / "data", monkeypatch, capsys)


@pytest.fixture
def cli(nowhere: CommandLine, empty_store: Path) -> CommandLine:
    """A command line with the domain example.org."""
    shutil.copytree(empty_store, nowhere.data)
    assert nowhere("domain", "create", "example.org").status == 0
    return nowhere
