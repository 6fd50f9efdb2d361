"""Passwords that cost nothing: hashes show their password, and are counted."""

from postwarden.model.errors import Invalid


class CountingPasswords:
    """See `services.ports.Passwords`."""

    def __init__(self) -> None:
        self.verified: list[str | None] = []
        self.hashed = 0
        self.keeps_scram = False

    async def hash(self, password: str) -> str:
        self.hashed += 1
        return f"new:{password}"

    async def verify(self, password: str, password_hash: str | None) -> bool:
        self.verified.append(password_hash)
        return password_hash in {f"new:{password}", f"old:{password}"}

    async def scram(self, password: str) -> str | None:
        return f"scram:{password}" if self.keeps_scram else None

    def is_outdated(self, password_hash: str) -> bool:
        return password_hash.startswith("old:")

    def check(self, password_hash: str) -> None:
        if not password_hash.startswith(("new:", "old:")):
            raise Invalid("not a hash", field="password_hash")
