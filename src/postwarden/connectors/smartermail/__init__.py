"""SmarterMail as a client: its accounts and lists in one pass, and its mail.

SmarterTools' API documentation, and clients that are known to work, are the source of
paths and fields.
"""

from postwarden.connectors.http import HttpClient, concurrency_of
from postwarden.connectors.smartermail.client import SmarterMailClient
from postwarden.connectors.smartermail.system import SmarterMailSystem
from postwarden.model.errors import Invalid
from postwarden.model.systems import System

__all__ = ["SmarterMailSystem", "connect"]


def connect(system: System, secret: str) -> SmarterMailSystem:
    """Return the way to a server; raises Invalid for an option that means nothing."""
    options = system.options
    concurrency = concurrency_of(options)
    dates = options.get("creation-dates", "yes")
    if dates not in {"yes", "no"}:
        raise Invalid("creation-dates is yes or no", field="creation-dates")
    folder = options.get("folder", "Postwarden")
    if "/" in folder or "\\" in folder:
        raise Invalid("folder is one name, not a path", field="folder")
    http = HttpClient(
        system.url, authorities=system.authorities, concurrency=concurrency
    )
    return SmarterMailSystem(
        SmarterMailClient(http, system.user, secret),
        folder=folder,
        concurrency=concurrency,
        with_dates=dates == "yes",
    )
