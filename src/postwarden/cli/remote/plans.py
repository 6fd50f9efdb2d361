"""`case preview` as requests: a new plan, then its items."""

from itertools import islice

from postwarden.cli import unreached
from postwarden.cli.output import Output
from postwarden.cli.remote.client import Client
from postwarden.cli.remote.words import Words

_SHOWN = 20  # items of a plan that people are shown; --json has all


def preview(client: Client, output: Output, words: Words) -> None:
    """Freeze a plan and show it."""
    case = words["case"]
    body = {
        "action": words["action"],
        "include": words["include"] or [],
        "exclude": words["exclude"] or [],
        "exclude_items": words["exclude_item"] or [],
        "include_sent": words["include_sent"],
        "notice": words["notice"],
        "systems": words["system"] or [],
    }
    query = {"dry_run": "true"} if words["dry_run"] else {}
    seen = client.ask("POST", f"/cases/{case}/preview", query, body)
    if words["dry_run"]:
        return output.rehearsed(seen["changes"])
    items = client.lines(f"/cases/{case}/items")
    parts = seen["plan"]["systems"]
    problems = [(part["system"], text) for part in parts for text in part["problems"]]
    if output.as_json:
        output.one({**seen, "plan": {**seen["plan"], "items": list(items)}})
        return unreached.tell(output, problems)
    output.one({"case": case, "state": seen["state"], **seen["plan"]})
    rows = output.rows(
        *("item", *(("system",) if parts else ()), "account", "mailbox", "uid"),
        *("class", "action", "outcome"),
    )
    rows.write(islice(items, _SHOWN))
    output.note(
        f"approve with: postwarden case approve {case} --plan {seen['plan']['sha256']}"
    )
    return unreached.tell(output, problems)
