"""Between SmarterMail's words and ours. Pure functions, no I/O."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import UNSET, UnsetType

from postwarden.dialects.smartermail.schemas.accounts import (
    AccountRow,
    AutoResponder,
    DomainRow,
    MailingListRow,
    SecurityFlags,
    UserData,
)
from postwarden.dialects.smartermail.schemas.domains import DomainData
from postwarden.dialects.smartermail.schemas.users import (
    AliasData,
    ForwardRow,
    GivenAlias,
    GivenMailSettings,
    GivenUser,
    MailSettings,
    QuickRow,
    Subscriber,
)
from postwarden.model.accounts import Account, AccountState
from postwarden.model.addresses import Address, ascii_domain
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.domains import MailDomain
from postwarden.model.errors import Invalid
from postwarden.services.inventory import Holding

ENABLED, DISABLED_NO_MAIL = 1, 3
USER, ALIAS, MAILING_LIST = 1, 4, 5
LOCAL_PASSWORD = 0

# A group stands for its members as an alias does.
_KINDS = {
    "users": (EntryKind.ACCOUNT,),
    "aliases": (EntryKind.ALIAS, EntryKind.GROUP),
    "mailinglists": (EntryKind.LIST,),
}
_TYPES = {EntryKind.ACCOUNT: USER, EntryKind.LIST: MAILING_LIST}


def moment(time: datetime) -> str:
    """Return a time as ISO 8601 in UTC, to the second."""
    return f"{time.astimezone(UTC).replace(tzinfo=None).isoformat()[:19]}Z"


def moment_or_none(time: datetime | None) -> str | None:
    return None if time is None else moment(time)


def kinds_of(flags: Iterable[str]) -> tuple[EntryKind, ...]:
    """Return what search flags ask for; without any that we know, everything."""
    asked = {flag.strip().lower() for flag in flags}
    named = [kind for name, kinds in _KINDS.items() if name in asked for kind in kinds]
    return tuple(named) or tuple(EntryKind)


def percent_used(account: Account) -> float | None:
    if not account.quota_octets:
        return None
    return round(100 * account.used_octets / account.quota_octets, 2)


def account_row(holding: Holding) -> AccountRow:
    """Return an address as a row of the list of accounts."""
    entry, account = holding.entry, holding.account
    is_alias = entry.kind in _KINDS["aliases"]
    is_enabled = _is_enabled(holding)
    served = None if account is None else False  # what we do not serve is off
    return AccountRow(
        user_name=entry.address.local_part,
        email_address=spelt(entry.address),
        display_name=account.name if account else "",
        full_name=account.name if account else "",
        status=ENABLED if is_enabled else DISABLED_NO_MAIL,
        is_enabled=is_enabled,
        account_type=_TYPES.get(entry.kind, ALIAS),
        auth_type=LOCAL_PASSWORD,
        is_webmail_enabled=served,
        is_eas_enabled=served,
        is_mapi_ews_enabled=served,
        is_pop_enabled=served,
        is_imap_enabled=served,
        create_date=moment(entry.created_at),
        last_login_time=moment_or_none(account.last_login_at) if account else None,
        alias_target_count=len(entry.targets) if is_alias else None,
        alias_is_catch_all=holding.is_catch_all if is_alias else None,
        alias_include_all_domain_users=False if is_alias else None,
        alias_internal_only=False if is_alias else None,
        alias_show_as_room=False if is_alias else None,
        alias_send_from=True if is_alias else None,  # RFC 6409 §6.1 is our rule
        bytes_used=account.used_octets if account else None,
        bytes_allowed=account.quota_octets if account else None,
        bytes_used_percent=percent_used(account) if account else None,
    )


def _is_enabled(holding: Holding) -> bool:
    if holding.account is not None:
        return holding.account.state is AccountState.ACTIVE
    return holding.entry.enabled


def user_data(account: Account, forwards_to: Sequence[Address] = ()) -> UserData:
    """Return one user; several addresses of a forward are parted by commas."""
    return UserData(
        user_name=account.address.local_part,
        email_address=spelt(account.address),
        full_name=account.name,
        create_date=moment(account.created_at),
        max_mailbox_size=account.quota_octets,
        current_mailbox_size=account.used_octets,
        last_login_time=moment_or_none(account.last_login_at),
        security_flags=SecurityFlags(
            is_disabled=account.state is not AccountState.ACTIVE
        ),
        auto_responder=AutoResponder(
            forwarding_address=",".join(map(spelt, forwards_to))
        ),
    )


def spelt(address: Address) -> str:
    """Return an address as clients write it, its local part never in quotes."""
    return f"{address.local_part}@{address.domain}"


def domain_row(domain: MailDomain) -> DomainRow:
    """Return a domain by its A-labels: clients put the name into a header."""
    name = ascii_domain(domain.name)
    return DomainRow(name=name, hostname=name)


def list_row(entry: Entry) -> MailingListRow:
    """Return a mailing list; everybody may write to it, and it has no digest."""
    local_part = entry.address.local_part
    return MailingListRow(
        id=entry.id,
        list_address=local_part,
        list_command_address=local_part,
        status=1 if entry.enabled else 2,
        disabled=not entry.enabled,
        list_subscriber_count=len(entry.targets),
    )


def quick_row(account: Account) -> QuickRow:
    is_on = account.state is AccountState.ACTIVE
    return QuickRow(
        user_name=account.address.local_part,
        display_name=account.name,
        bytes_used=account.used_octets,
        bytes_allowed=account.quota_octets,
        status="Enabled" if is_on else "Disabled",
        last_login_time=moment_or_none(account.last_login_at),
    )


def mail_settings(account: Account) -> MailSettings:
    is_on = account.state is AccountState.ACTIVE
    return MailSettings(
        is_enabled=is_on,
        can_receive_mail=is_on,
        max_size=account.quota_octets,
        total_mailbox_size=account.used_octets,
    )


def either(first: int | UnsetType, second: int | UnsetType) -> int | None:
    """Return the first of two that is given: clients name a quota in two places."""
    if first is UNSET:
        return None if second is UNSET else second
    return first


def state_of(user: GivenUser, mail: GivenMailSettings) -> AccountState | None:
    """Return the state that is asked for, None where none is."""
    given = [
        *(() if mail.is_enabled is UNSET else (mail.is_enabled,)),
        *(
            ()
            if user.security_flags.is_disabled is UNSET
            else (not user.security_flags.is_disabled,)
        ),
    ]
    if not given:
        return None
    return AccountState.ACTIVE if all(given) else AccountState.DISABLED


def switch_of(word: str) -> bool:
    """Read a switch of a path; raises Invalid."""
    known = {"true": True, "1": True, "false": False, "0": False}
    if word.lower() not in known:
        raise Invalid("a switch is true or false")
    return known[word.lower()]


def alias_data(entry: Entry) -> AliasData:
    return AliasData(
        name=entry.address.local_part,
        alias_target_list=list(map(spelt, entry.targets)),
        is_enabled=entry.enabled,
    )


def targets_of(alias: GivenAlias, domain: str) -> list[Address]:
    """Return where an alias leads; a name without a domain is one of its own."""
    return [target_of(text, domain) for text in alias.alias_target_list if text.strip()]


def target_of(text: str, domain: str) -> Address:
    """Return an address that clients write with or without the domain it is of."""
    return Address.parse(text if "@" in text else f"{text}@{domain}")


def forward_row(entry: Entry) -> ForwardRow:
    return ForwardRow(
        email_address=spelt(entry.address),
        forwarding_address=",".join(map(spelt, entry.targets)),
        keep_recipients=entry.keep_copy,
    )


def subscribers(entry: Entry, search: str) -> list[Subscriber]:
    """Return the subscribers of a mailing list with a text in their addresses."""
    wanted = search.strip().casefold()
    found = sorted(
        text for text in map(spelt, entry.targets) if wanted in text.casefold()
    )
    return [Subscriber(email_address=text) for text in found]


def domain_data(domain: MailDomain, counts: Mapping[EntryKind, int]) -> DomainData:
    name = ascii_domain(domain.name)
    return DomainData(
        name=name,
        hostname=name,
        user_count=counts[EntryKind.ACCOUNT],
        alias_count=counts[EntryKind.ALIAS] + counts[EntryKind.GROUP],
        list_count=counts[EntryKind.LIST],
    )
