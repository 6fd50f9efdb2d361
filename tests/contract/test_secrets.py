"""Sealed secrets among the rows: every one is found, and changed only as it was."""

from dataclasses import replace

from postwarden.model.actors import OPERATOR
from postwarden.services import administrators
from postwarden.services.administrators import NewAdministrator
from postwarden.services.ports import Store, UnitOfWork

TOTP = "administrators.totp"


def add_administrator(uow: UnitOfWork, name: str, totp: bytes | None) -> None:
    new = NewAdministrator(name=name, role="auditor")
    made = administrators.create(uow, OPERATOR, new)
    uow.administrators.replace(replace(made, totp=totp))


async def test_secrets_are_listed_and_replaced(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        for name, totp in (("carol", b"sealed carol"), ("dan", b"sealed dan")):
            add_administrator(uow, name, totp)
        add_administrator(uow, "eve", None)
        secrets = uow.secrets
        assert TOTP in secrets.kinds()
        (one, first), (two, second) = secrets.page(TOTP, after=0, limit=9)
        assert (first, second) == (b"sealed carol", b"sealed dan")
        assert secrets.page(TOTP, after=0, limit=1) == [(one, first)]
        assert secrets.page(TOTP, after=one, limit=9) == [(two, second)]
        assert secrets.replace(TOTP, one, first, b"new")
        assert not secrets.replace(TOTP, one, first, b"newer")
        assert not secrets.replace(TOTP, 99, first, b"new")
        assert secrets.page(TOTP, after=0, limit=1) == [(one, b"new")]

    await store.transact(work)
