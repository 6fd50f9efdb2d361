"""The SHA-256 of a plan: what an approval names, and a run checks again."""

import hashlib
import json
from collections.abc import Iterable

from postwarden.model.cases import Outcome, OwnerNotice, Plan, PlanItem


class PlanHash:
    """SHA-256 over canonical JSON of a plan's immutable facts.

    Keys are sorted and nothing is between tokens; items follow in their order,
    so that the hash grows with them and no plan must fit into memory. That an item
    is excluded is part of the plan; other outcomes are not. What owners are told is,
    unless it is nothing.
    """

    def __init__(self, plan: Plan) -> None:
        self._hash = hashlib.sha256(
            f'{{"action":{_json(plan.action.value)},'
            f'"classes":{_json([each.value for each in plan.classes])},'
            f'"items":['.encode()
        )
        self._query = plan.query
        self._notice = plan.notice
        self.items = 0

    def add(self, items: Iterable[PlanItem]) -> None:
        for item in items:
            facts: dict[str, object] = {
                "account": item.address,
                "account_id": item.account,
                "class": item.match_class.value,
                "copy": item.copy,
                "mailbox": item.mailbox,
                "sha256": item.sha256.hex(),
                "system": item.system,
                "uid": item.uid,
            }
            if item.remote is not None:
                facts["reference"] = item.remote.reference
            if item.outcome is Outcome.EXCLUDED:
                facts["excluded"] = True
            comma = "," if self.items else ""
            self._hash.update((comma + _json(facts)).encode())
            self.items += 1

    def digest(self) -> bytes:
        whole = self._hash.copy()
        if self._notice is not OwnerNotice.SILENT:
            whole.update(f'],"notice":{_json(self._notice.value)}'.encode())
        else:
            whole.update(b"]")
        whole.update(f',"query":{_json(self._query)}}}'.encode())
        return whole.digest()


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
