"""`postwarden case ...`: trace, preview, approve, contain, verify, undo, export."""

from postwarden.cli.cases import acting, planning, proving
from postwarden.cli.cases.words import app

__all__ = ["acting", "app", "planning", "proving"]
