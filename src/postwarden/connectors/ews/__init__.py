"""Exchange Web Services as a client: Exchange on premises, and what speaks as it does.

Microsoft's EWS reference is the source of operations, elements and error codes.
"""

from urllib.parse import urlsplit

from postwarden.connectors.ews.soap import EwsClient, Login
from postwarden.connectors.ews.system import EwsSystem
from postwarden.connectors.ews.tokens import Basic, ClientCredentials, Credentials
from postwarden.connectors.http import HttpClient, concurrency_of
from postwarden.model.errors import Invalid
from postwarden.model.systems import System, system_url

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
    login = Login(_credentials(system, secret), impersonates == "yes")
    return EwsSystem(
        EwsClient(http, login),
        folder=options.get("folder", "Postwarden"),
        concurrency=concurrency,
    )


def _credentials(system: System, secret: str) -> Credentials:
    """Return how to log in: with a token of an issuer if one is named, else Basic."""
    options = system.options
    if "token-url" not in options:
        if "scope" in options:
            raise Invalid("scope goes with token-url", field="scope")
        return Basic(system.user, secret)
    url = system_url(options["token-url"])
    # Certificates that were given are those of the server; the issuer may be another.
    is_same = urlsplit(url).netloc == urlsplit(system.url).netloc
    issuer = HttpClient(
        url, authorities=system.authorities if is_same else None, concurrency=1
    )
    return ClientCredentials(issuer, system.user, secret, options.get("scope", ""))
