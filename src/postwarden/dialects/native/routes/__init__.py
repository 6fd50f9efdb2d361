"""Which operations our own API has."""

from postwarden.dialects.native.operations import Operation
from postwarden.dialects.native.routes.accounts import accounts

OPERATIONS: tuple[Operation, ...] = (*accounts.all,)
