"""What a plan lists and leaves alone, because somebody said so at the preview."""

from collections.abc import Sequence
from dataclasses import dataclass

from postwarden.model.actors import Actor
from postwarden.model.addresses import Address, domain_name
from postwarden.model.cases import PlanItem
from postwarden.model.errors import Invalid, NotFound
from postwarden.model.queries import mailbox_key
from postwarden.services import access
from postwarden.services.ports import CopyFacts, UnitOfWork
from postwarden.services.systems.searching import Found

MAX_EXCLUDED = 1000  # accounts, domains and items named at one preview
_SENT = frozenset({"sent", "sent items", "sent messages", "sent mail"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusions:
    """Accounts and domains by what they were called, copies by their item.

    `addresses` are those accounts as other systems know them, and `references` copies
    there by system and reference. Without `include_sent` the copy that an author keeps
    of what he sent is left alone, too.
    """

    accounts: dict[int, str]
    domains: frozenset[str]
    copies: dict[int, int]
    addresses: frozenset[str]
    references: dict[tuple[str, str], int]
    include_sent: bool

    def reason(self, facts: CopyFacts) -> str | None:
        """Say why a copy is left alone; None when it is not."""
        if facts.id in self.copies:
            return _as_item(self.copies[facts.id])
        if facts.account in self.accounts:
            return f"excluded with {self.accounts[facts.account]}"
        return self._reason(facts.address, facts.mailbox, facts.author)

    def reason_elsewhere(self, system: str, found: Found) -> str | None:
        """Say why a copy on another system is left alone; None when it is not."""
        copy = found.copy
        if (item := self.references.get((system, copy.reference))) is not None:
            return _as_item(item)
        if copy.account.casefold() in self.addresses:
            return f"excluded with {copy.account}"
        return self._reason(copy.account, copy.mailbox, found.message.author)

    def _reason(self, address: str, mailbox: str, author: str) -> str | None:
        domain = address.rpartition("@")[2].casefold()
        if domain in self.domains:
            return f"excluded with @{domain}"
        if not self.include_sent and _is_own_sent(address, mailbox, author):
            return "the author's own copy: --include-sent takes it"
        return None


def _as_item(number: int) -> str:
    return f"excluded as item {number} of the plan before"


def _is_own_sent(address: str, mailbox: str, author: str) -> bool:
    """Whether a copy lies among what its own author sent."""
    author = author.rpartition("<")[2].strip("> ")
    return (
        mailbox_key(mailbox.rpartition("/")[2]) in _SENT
        and author.casefold() == address.casefold()
    )


def exclusions(
    uow: UnitOfWork,
    actor: Actor,
    plan: int | None,
    exclude: Sequence[str],
    items: Sequence[int],
    *,
    include_sent: bool,
    elsewhere: bool = False,
) -> Exclusions:
    """Look up what is excluded; `items` are numbers of the case's newest plan.

    Raises NotFound for what is not there: a name that is misspelt would otherwise
    protect nobody. With `elsewhere` it may be an account of another system, and those
    are not listed here.
    """
    if len(exclude) + len(items) > MAX_EXCLUDED:
        raise Invalid(f"at most {MAX_EXCLUDED} exclusions", field="exclude")
    accounts: dict[int, str] = {}
    domains: set[str] = set()
    addresses: set[str] = set()
    for text in exclude:
        try:
            if text.startswith("@"):
                name = domain_name(text[1:])
                domains.add(name)
                access.managed_domain(uow, actor, name)
            else:
                address = Address.parse(text)
                addresses.add(str(address).casefold())
                account = access.account(uow, actor, address)
                accounts[account.id] = str(account.address)
        except NotFound:
            if not elsewhere:
                raise
    excluded = [_item(uow, plan, number) for number in items]
    return Exclusions(
        accounts=accounts,
        domains=frozenset(domains),
        copies={item.copy: item.item for item in excluded if item.remote is None},
        addresses=frozenset(addresses),
        references={
            (item.system, item.remote.reference): item.item
            for item in excluded
            if item.remote is not None
        },
        include_sent=include_sent,
    )


def _item(uow: UnitOfWork, plan: int | None, number: int) -> PlanItem:
    found = [] if plan is None else uow.cases.items(plan, after=number - 1, limit=1)
    if not found or found[0].item != number:
        raise NotFound("item", str(number))
    return found[0]
