"""How much of one mailbox a plan takes: more than most plans do looks too wide."""

from collections.abc import Mapping

from postwarden.model.errors import Refused
from postwarden.services.cases.rules import CaseRules
from postwarden.services.ports import UnitOfWork

_MOST = 50  # percent of a mailbox that is more than most plans take
_WARNED = 10  # mailboxes that a plan warns of by name


def shares(
    uow: UnitOfWork, crowded: Mapping[int, int], rules: CaseRules
) -> tuple[str, ...]:
    """Return a warning for each mailbox that a plan takes most of: it looks too wide.

    Raises Refused for one that it takes more of than it may.
    """
    warnings = []
    for key, mailbox in uow.mailboxes.many(crowded).items():
        share = 100 * crowded[key] / max(1, mailbox.messages)
        account = uow.accounts.get(mailbox.account)
        told = (
            f"the plan takes {crowded[key]} of {mailbox.messages} mails in "
            f"{mailbox.name} of {account.address}"
        )
        if share > rules.max_share:
            raise Refused(
                f"{told}: over {rules.max_share} %; narrow the query, exclude the "
                "account, or raise cases.max_share"
            )
        if share > _MOST:
            warnings.append(told)
    if len(warnings) > _WARNED:
        more = f"and so in {len(warnings) - _WARNED} mailboxes more"
        return (*warnings[:_WARNED], more)
    return tuple(warnings)
