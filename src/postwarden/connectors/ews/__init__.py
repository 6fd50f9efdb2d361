"""Exchange Web Services as a client: Exchange on premises, and what speaks as it does.

Microsoft's EWS reference is the source of operations, elements and error codes.
"""

from postwarden.connectors.ews.soap import EwsClient, Login
from postwarden.connectors.ews.system import EwsSystem
from postwarden.connectors.http import HttpClient, concurrency_of
from postwarden.model.errors import Invalid
from postwarden.model.systems import System

__all__ = ["EwsSystem", "connect"]


def connect(system: System, secret: str) -> EwsSystem:
    """Return the way to a server; raises Invalid for an option that means nothing."""
    options = system.options
    concurrency = concurrency_of(options)
    impersonates = options.get("impersonation", "yes")
    if impersonates not in {"yes", "no"}:
        raise Invalid("impersonation is yes or no", field="impersonation")
    http = HttpClient(
        system.url, authorities=system.authorities, concurrency=concurrency
    )
    login = Login(system.user, secret, impersonates == "yes")
    return EwsSystem(
        http,
        EwsClient(http, login),
        folder=options.get("folder", "Postwarden"),
        concurrency=concurrency,
    )
