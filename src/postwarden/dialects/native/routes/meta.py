"""What the API says of itself."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from postwarden.dialects.native.answers import One
from postwarden.dialects.native.calls import Call
from postwarden.dialects.native.operations import Operations

meta = Operations("This API")


@meta.get("/openapi.json", is_open=True)
async def openapi(call: Call) -> One[Mapping[str, Any]]:
    """Describe every operation: this document (OpenAPI 3.1)."""
    return One(_document(), is_versioned=False)


@cache
def _document() -> Mapping[str, Any]:
    # Whoever serves does not pay for a document that nobody reads.
    from postwarden.dialects.native.openapi import document  # noqa: PLC0415
    from postwarden.dialects.native.routes import OPERATIONS  # noqa: PLC0415  a ring

    return document(OPERATIONS)
