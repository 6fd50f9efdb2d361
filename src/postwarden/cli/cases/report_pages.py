"""A case's report as CSV, and as a page that needs nothing and runs nothing."""

from collections.abc import Iterator, Mapping
from html import escape

from postwarden.cli import text
from postwarden.dialects.native.shapes.reports import AccountReportShape, ReportShape
from postwarden.services.cases.evidence import cell, csv_rows

_COLUMNS = (
    *("account", "copies", "delivered_at", "first_seen_at", "read", "answered"),
    *("forwarded", "forwarded_to", "acts", "removed_at", "restored_at"),
    *("exposed_seconds", "outcomes"),
)
_STYLE = (
    "body{font:14px/1.5 sans-serif;margin:2em}table{border-collapse:collapse}"
    "th,td{border:1px solid #bbb;padding:.3em .6em;text-align:left;vertical-align:top}"
    "th{background:#eee}"
)
# No script, nothing from elsewhere, whatever a mail's subject says.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def csv_page(report: ReportShape) -> bytes:
    """Return RFC 4180 with a header line; no cell is a formula."""
    rows = [_cells(each) for each in report["accounts"]]
    return csv_rows([_COLUMNS, *([cell(value) for value in row] for row in rows)])


def html_page(report: ReportShape) -> Iterator[str]:
    """Yield the lines of a whole page."""
    title = f"Case {report['case']}"
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">'
    yield f"<title>{title}</title><style>{_STYLE}</style></head><body>"
    yield f"<h1>{title}</h1>"
    for name in ("state", "query", "reason", "ticket", "opened_by", "made_at"):
        value = _shown(report[name])
        yield f"<p><b>{name}</b>: {escape(value)}</p>"
    head = "".join(f"<th>{name}</th>" for name in _COLUMNS)
    yield f"<table><thead><tr>{head}</tr></thead><tbody>"
    for each in report["accounts"]:
        cells = "".join(f"<td>{escape(_shown(value))}</td>" for value in _cells(each))
        yield f"<tr>{cells}</tr>"
    yield "</tbody></table></body></html>"


def _cells(of: AccountReportShape) -> list[object]:
    values: Mapping[str, object] = {
        **of,
        "acts": [f"{text.plain(act['time'])} {act['event']}" for act in of["acts"]],
        "outcomes": [f"{name}={count}" for name, count in of["outcomes"].items()],
    }
    return [_plain(values[name]) for name in _COLUMNS]


def _plain(value: object) -> object:
    return text.plain(value) if hasattr(value, "isoformat") else value


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(_plain(value))
