"""The command line of tests/cli, for whole imports and exports."""

from tests.cli.conftest import cli, empty_store, nowhere

__all__ = ["cli", "empty_store", "nowhere"]
