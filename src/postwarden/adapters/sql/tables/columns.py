"""The metadata that all tables belong to, and the kinds of their columns."""

import sqlalchemy as sa

metadata = sa.MetaData()

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def identity() -> sa.Column[int]:
    return sa.Column("id", Id, primary_key=True)


def text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def integer(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def blob(name: str, *, nullable: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=nullable)


def sealed(name: str, *, nullable: bool = False) -> sa.Column[bytes]:
    """What a master key has sealed: `secret rotate` finds it by this."""
    return sa.Column(name, sa.LargeBinary, nullable=nullable, info={"sealed": True})
