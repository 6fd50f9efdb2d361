"""Liveness and readiness for load balancers: plain ASGI, no authentication."""

import json

from postwarden.dialects.kit.asgi import (
    JSON,
    Answer,
    Application,
    Message,
    Receive,
    Send,
    respond,
)
from postwarden.model.errors import MailError
from postwarden.services.ports import Blobs, Store, UnitOfWork

LIVE, READY = "/healthz/live", "/healthz/ready"


def build(store: Store, blobs: Blobs) -> Application:
    """Build the app; every other path is a problem+json 404 (RFC 9457)."""

    async def application(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        status, body = await _answer(scope["method"], scope["path"])
        answer = Answer(
            status=status,
            body=json.dumps(body).encode(),
            media_type=JSON if status == 200 else "application/problem+json",
            headers={"allow": "GET, HEAD"} if status == 405 else {},
        )
        await respond(answer, receive, send, head=scope["method"] == "HEAD")

    async def _answer(method: str, path: str) -> tuple[int, dict[str, object]]:
        if path not in {LIVE, READY}:
            return 404, _problem(404, "not-found", f"there is nothing at {path}")
        if method not in {"GET", "HEAD"}:
            return 405, _problem(405, "method-not-allowed", "use GET or HEAD")
        if path == LIVE:
            return 200, {"status": "live"}
        try:
            await store.peek(_look)
            blobs.check_room()
        except MailError as error:
            return 503, _problem(503, error.code, "not ready for mail")
        return 200, {"status": "ready"}

    return application


def _look(uow: UnitOfWork) -> None:
    uow.domains.page(limit=1)


def _problem(status: int, code: str, detail: str) -> dict[str, object]:
    return {"type": "about:blank", "status": status, "code": code, "detail": detail}
