"""Several apps on one listener, each at its native paths."""

import re
from collections.abc import Mapping

from postwarden.dialects.kit.asgi import Application, Message, Receive, Send

_SLASHES = re.compile("/{2,}")


class Mounted:
    """Gives a request to the app with the longest prefix of its path, in any case.

    Several slashes are one here. Whether case and slashes matter behind the prefix,
    each app says itself.
    """

    def __init__(self, apps: Mapping[str, Application], *, rest: Application) -> None:
        self._apps = sorted(
            ((prefix.lower(), app) for prefix, app in apps.items()),
            key=lambda pair: -len(pair[0]),
        )
        self._rest = rest

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        path = _SLASHES.sub("/", scope.get("path", "").lower())
        for prefix, app in self._apps:
            if path == prefix or path.startswith(f"{prefix.rstrip('/')}/"):
                await app(scope, receive, send)
                return
        await self._rest(scope, receive, send)
