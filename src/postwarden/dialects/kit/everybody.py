"""No authentication: for programs on this machine, where somebody wants it so."""

from dataclasses import replace

from postwarden.dialects.kit.requests import Request
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.errors import Forbidden
from postwarden.model.networks import is_loopback


class Everybody:
    """Lets everybody on this machine act as the operator.

    A page in somebody's browser is not on this machine, though its requests come
    from here: they name another host, or an origin.
    """

    def __init__(self, dialect: str) -> None:
        self._dialect = dialect

    async def __call__(self, request: Request) -> Actor:
        host = request.headers.get("host", "")
        if "origin" in request.headers or not is_loopback(host):
            raise Forbidden("without authentication this answers local programs only")
        return replace(
            OPERATOR,
            dialect=self._dialect,
            client_ip=request.client_ip,
            request_id=request.request_id,
        )
