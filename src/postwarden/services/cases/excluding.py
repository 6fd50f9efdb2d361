"""What a plan lists and leaves alone, because somebody said so at the preview."""

from collections.abc import Sequence
from dataclasses import dataclass

from postwarden.model.actors import Actor
from postwarden.model.addresses import Address, domain_name
from postwarden.model.errors import Invalid, NotFound
from postwarden.model.queries import mailbox_key
from postwarden.services import access
from postwarden.services.ports import CopyFacts, UnitOfWork

MAX_EXCLUDED = 1000  # accounts, domains and items named at one preview
_SENT = frozenset({"sent", "sent items", "sent messages", "sent mail"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusions:
    """Accounts and domains by what they were called, copies by their item.

    Without `include_sent` the copy that an author keeps of what he sent is left
    alone, too.
    """

    accounts: dict[int, str]
    domains: frozenset[str]
    copies: dict[int, int]
    include_sent: bool

    def reason(self, facts: CopyFacts) -> str | None:
        """Say why a copy is left alone; None when it is not."""
        if facts.id in self.copies:
            return f"excluded as item {self.copies[facts.id]} of the plan before"
        if facts.account in self.accounts:
            return f"excluded with {self.accounts[facts.account]}"
        domain = facts.address.rpartition("@")[2]
        if domain in self.domains:
            return f"excluded with @{domain}"
        if not self.include_sent and is_own_sent(facts):
            return "the author's own copy: --include-sent takes it"
        return None


def is_own_sent(facts: CopyFacts) -> bool:
    """Whether a copy lies among what its own author sent."""
    author = facts.author.rpartition("<")[2].strip("> ")
    return (
        mailbox_key(facts.mailbox.rpartition("/")[2]) in _SENT
        and author.casefold() == facts.address.casefold()
    )


def exclusions(
    uow: UnitOfWork,
    actor: Actor,
    plan: int | None,
    exclude: Sequence[str],
    items: Sequence[int],
    *,
    include_sent: bool,
) -> Exclusions:
    """Look up what is excluded; `items` are numbers of the case's newest plan.

    Raises NotFound for what is not there: a name that is misspelt would otherwise
    protect nobody.
    """
    if len(exclude) + len(items) > MAX_EXCLUDED:
        raise Invalid(f"at most {MAX_EXCLUDED} exclusions", field="exclude")
    accounts: dict[int, str] = {}
    domains: set[str] = set()
    for text in exclude:
        if text.startswith("@"):
            name = domain_name(text[1:])
            domains.add(access.managed_domain(uow, actor, name).name)
        else:
            account = access.account(uow, actor, Address.parse(text))
            accounts[account.id] = str(account.address)
    return Exclusions(
        accounts=accounts,
        domains=frozenset(domains),
        copies=dict(_copy(uow, plan, number) for number in items),
        include_sent=include_sent,
    )


def _copy(uow: UnitOfWork, plan: int | None, number: int) -> tuple[int, int]:
    found = [] if plan is None else uow.cases.items(plan, after=number - 1, limit=1)
    if not found or found[0].item != number:
        raise NotFound("item", str(number))
    return found[0].copy, number
