"""Message content on local disk (docs/decisions/0006)."""

from postwarden.adapters.blobs.local import LocalBlobs, open_blobs

__all__ = ["LocalBlobs", "open_blobs"]
