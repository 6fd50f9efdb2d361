"""One call of an operation: who makes it, in whose mailbox."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Concatenate, ParamSpec, TypeVar

from postwarden.dialects.ews import acting, folders, ids
from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed, Violation
from postwarden.dialects.ews.folders import Folder, Tree
from postwarden.dialects.ews.house import House
from postwarden.dialects.ews.reading import attribute
from postwarden.dialects.kit.requests import Request
from postwarden.model.actors import Actor
from postwarden.model.errors import Forbidden, NotFound
from postwarden.services.mailboxes import reading as mail
from postwarden.services.ports import UnitOfWork
from postwarden.wire.xml import Element

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Call:
    """What a handler works with.

    `actor` is whoever logged in, or as whom he asks to act. The trees of accounts
    are read once in a call; `forget` them after changing one.
    """

    house: House
    request: Request
    actor: Actor
    _owners: dict[int, Actor] = field(default_factory=dict)
    _trees: dict[int, Tree] = field(default_factory=dict)

    async def read(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a reading service on one snapshot."""
        return await self.house.store.read(fn, *args, **kwargs)

    async def transact(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a service in a transaction."""
        return await self.house.store.transact(fn, *args, **kwargs)

    async def owner(self, account: int) -> Actor:
        """Return who acts in an account; raises NotFound, Forbidden."""
        if account not in self._owners:
            found = await acting.owner_of(self.house.store, self.actor, account)
            self._owners[account] = found
        return self._owners[account]

    async def tree(self, account: int) -> Tree:
        """Return the folders of an account; raises NotFound, Forbidden."""
        if account not in self._trees:
            actor = await self.owner(account)
            self._trees[account] = await self.read(_tree, actor, account)
        return self._trees[account]

    def forget(self) -> None:
        """Read trees again: something has changed in them."""
        self._trees.clear()

    async def folder(self, element: Element) -> tuple[Folder, Tree]:
        """Return the folder that a FolderId or DistinguishedFolderId names.

        Raises Failed.
        """
        if element.name == "t:DistinguishedFolderId":
            word = attribute(element, "Id")
            whose = element.value("t:Mailbox", "t:EmailAddress")
            actor = await acting.owner_at(self.house.store, self.actor, whose)
            account = actor.account or 0
            self._owners[account] = actor
            tree = await self.tree(account)
            return tree.named(word), tree
        if element.name != "t:FolderId":
            raise Violation(f"{element.local[:40]} is no folder", element)
        wanted = ids.folder_id(attribute(element, "Id"))
        try:
            tree = await self.tree(wanted.account)
        except (NotFound, Forbidden) as error:
            raise folders.not_found() from error
        return tree.get(wanted), tree

    async def owner_of_item(self, wanted: ids.ItemId) -> Actor:
        """Return who acts in the account of an item; raises Failed."""
        try:
            return await self.owner(wanted.account)
        except (NotFound, Forbidden) as error:
            raise item_not_found() from error


def item_not_found() -> Failed:
    message = "The specified object was not found in the store."
    return Failed(Code.ITEM_NOT_FOUND, message)


def _tree(uow: UnitOfWork, actor: Actor, account: int) -> Tree:
    counts = {
        place: mail.discarded(uow, actor, account, kind=kind, limit=0).total
        for place, kind in folders.DISCARDS.items()
    }
    return Tree(account, mail.mailboxes(uow, actor, account), counts)
