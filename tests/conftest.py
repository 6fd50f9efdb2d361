"""What holds for every test."""

from hypothesis import settings

from tests.support import postgres

# A machine that is busy with something else makes no example wrong.
settings.register_profile("postwarden", deadline=None)
settings.load_profile("postwarden")


def pytest_sessionfinish() -> None:
    postgres.stop_shared()
