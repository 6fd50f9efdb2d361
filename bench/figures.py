"""What a measurement found: figures with their targets, as a table and as JSON."""

import json
import os
import platform
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

MIB = 1024 * 1024


class Better(StrEnum):
    """Which of two figures is the better one."""

    LESS = "less"
    MORE = "more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A bound of the figure itself, or of how many times it beats the peer."""

    value: float | None = None
    ratio: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of ours, beside a peer's from the same run where there is one."""

    group: str
    name: str
    value: float
    unit: str
    better: Better = Better.LESS
    peer: str = ""
    peer_value: float | None = None
    target: Target = field(default_factory=Target)
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times ours is better than the peer's."""
        if self.peer_value is None:
            return None
        more, less = self.value, self.peer_value
        if self.better is Better.LESS:
            more, less = less, more
        return more / less if less else None

    @property
    def is_met(self) -> bool | None:
        """Whether every target is met; None without one, or without its peer."""
        met = []
        if self.target.value is not None:
            within = (
                self.value <= self.target.value
                if self.better is Better.LESS
                else self.value >= self.target.value
            )
            met.append(within)
        if self.target.ratio is not None and self.ratio is not None:
            met.append(self.ratio >= self.target.ratio)
        return all(met) if met else None


def skipped(group: str, name: str, why: str) -> Figure:
    """Return a line that says what was not measured."""
    return Figure(group=group, name=name, value=float("nan"), unit="", note=why)


_HEADINGS = ("", "ours", "unit", "peer", "of", "ratio", "target", "")


def table(figures: Iterable[Figure]) -> str:
    """Return the figures as aligned text, a heading per group."""
    rows: list[Sequence[str]] = [_HEADINGS]
    group = ""
    for each in figures:
        if each.group != group:
            group = each.group
            rows.append((f"-- {group}", *[""] * 7))
        rows.append(_row(each))
    widths = [max(len(row[column]) for row in rows) for column in range(8)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in {0, 2, 4, 6, 7} else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _row(figure: Figure) -> Sequence[str]:
    met = figure.is_met
    verdict = {None: "", True: "hit", False: "MISSED"}[met]
    return (
        figure.name,
        _number(figure.value),
        figure.unit,
        _number(figure.peer_value),
        figure.peer,
        "" if figure.ratio is None else f"{_number(figure.ratio)} x",
        _target(figure),
        " ".join(filter(None, (verdict, figure.note))),
    )


def _target(figure: Figure) -> str:
    sign = "≤" if figure.better is Better.LESS else "≥"
    value, ratio = figure.target.value, figure.target.ratio
    if figure.peer_value is None:
        ratio = None
    texts = [] if value is None else [f"{sign} {_number(value)} {figure.unit}"]
    texts += [] if ratio is None else [f"≥ {_number(ratio)} x"]
    return ", ".join(texts)


def _number(value: float | None) -> str:
    if value is None or value != value:  # noqa: PLR0124  so is NaN told
        return ""
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def facts(figure: Figure) -> dict[str, object]:
    """Return a figure as JSON has it."""
    is_known = figure.value == figure.value
    return {
        **asdict(figure),
        "value": figure.value if is_known else None,
        "ratio": figure.ratio,
        "met": figure.is_met,
    }


def machine() -> dict[str, object]:
    """Describe what was measured on, in the words of the system."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_mib": pages // MIB,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
        "free_disk_mib": shutil.disk_usage(Path.cwd()).free // MIB,
    }


def write(path: Path, figures: Iterable[Figure], **more: object) -> None:
    """Write everything as one JSON object."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {**more, "figures": [facts(each) for each in figures]}
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", "utf-8")


def line(figure: Figure) -> str:
    """Return a figure in one line, to be told while others are measured."""
    peer = "" if figure.ratio is None else f", {_number(figure.ratio)} x {figure.peer}"
    value = f"{_number(figure.value)} {figure.unit}".strip() or figure.note
    return f"{figure.group}: {figure.name}: {value}{peer}"
