"""How well fingerprints find the copies of a mail, measured on a known answer.

The answer is `FANOUT.csv` in a folder of real mails: a row per mail that lies
in several mailboxes under different Message-IDs, its copies in `paths`.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TypeAlias

from postwarden.wire.mime import scan

Pair: TypeAlias = frozenset[str]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Pairs of copies: which are true, and which share a fingerprint.

    `missed` are true pairs not found, `wrong` found ones that are not true.
    """

    true: int
    missed: frozenset[Pair]
    wrong: frozenset[Pair]

    @property
    def recall(self) -> float:
        """The share of true pairs that were found."""
        return 1 - len(self.missed) / self.true

    @property
    def precision(self) -> float:
        """The share of found pairs that are true."""
        right = self.true - len(self.missed)
        return right / (right + len(self.wrong))


def known_groups(folder: Path) -> list[frozenset[str]]:
    """Read the paths of each group, relative to the folder."""
    with (folder / "FANOUT.csv").open(newline="", encoding="utf-8") as file:
        return [frozenset(row["paths"].split("|")) for row in csv.DictReader(file)]


def fingerprint_groups(folder: Path, paths: Iterable[str]) -> list[frozenset[str]]:
    """Scan mails and group those that share a fingerprint."""
    groups: defaultdict[bytes, set[str]] = defaultdict(set)
    for path in paths:
        fingerprint = scan((folder / path).read_bytes()).fingerprint
        if fingerprint is not None:
            groups[fingerprint].add(path)
    return [frozenset(group) for group in groups.values()]


def measure(folder: Path, below: str = "enron") -> Accuracy:
    """Compare what fingerprints group with what is known, over all pairs."""
    paths = [
        path.relative_to(folder).as_posix()
        for path in sorted((folder / below).rglob("*"))
        if path.is_file()
    ]
    true = _pairs(known_groups(folder))
    found = _pairs(fingerprint_groups(folder, paths))
    return Accuracy(len(true), frozenset(true - found), frozenset(found - true))


def _pairs(groups: Iterable[frozenset[str]]) -> set[Pair]:
    return {
        frozenset(pair) for group in groups for pair in combinations(sorted(group), 2)
    }
