"""How administrators show who they are: login links, one-time codes, passkeys."""

import json

from postwarden.dialects.native.answers import Listed, One, Written
from postwarden.dialects.native.calls import Call
from postwarden.dialects.native.operations import Example, Operations
from postwarden.dialects.native.references import number
from postwarden.dialects.native.schemas.administration import NewPasskey, TotpAnswer
from postwarden.dialects.native.schemas.fields import Paging, Writing
from postwarden.dialects.native.shapes import administration as shapes
from postwarden.model.administrators import administrator_name
from postwarden.services.logins import links, totp
from postwarden.services.ports import UnitOfWork

factors = Operations("Factors")

_CAROL = {"administrator": "carol"}
_ONE = "/administrators/{administrator}"


@factors.post(f"{_ONE}/links", example=Example(variables=_CAROL))
async def create_link(
    call: Call, administrator: str, query: Writing
) -> Written[shapes.NewLinkShape]:
    """Make a login link, which lets one person in, once and soon.

    It needs no password and no code. One's own takes no permission, that of others
    `key.write`, and all that they may do.
    """
    name, house = administrator_name(administrator), call.house
    return await call.write(
        lambda uow: shapes.new_link(
            links.create(
                uow,
                call.actor,
                name,
                lifetime=house.options.link_lifetime,
                rules=house.session_rules,
            ),
            house.party.origin,
        ),
    )


@factors.get(f"{_ONE}/totp", example=Example(variables=_CAROL))
async def propose_totp(call: Call, administrator: str) -> One[shapes.ProposalShape]:
    """Propose a secret for an authenticator app, another one each time."""
    name = administrator_name(administrator)
    proposed = await call.read(totp.propose, call.actor, name)
    return One(shapes.proposal(proposed), is_versioned=False)


@factors.post(
    f"{_ONE}/totp",
    status=200,
    example=Example(variables=_CAROL, body={"secret": "SECRET", "code": "CODE"}),
)
async def confirm_totp(
    call: Call, administrator: str, query: Writing, body: TotpAnswer
) -> Written[shapes.RecoveryCodesShape]:
    """Ask for codes of a proposed secret from now on; the answer has recovery codes."""
    name = administrator_name(administrator)
    answered = totp.answer(call.house.sealer, secret=body.secret, code=body.code)

    def keep(uow: UnitOfWork) -> shapes.RecoveryCodesShape:
        totp.keep(uow, call.actor, name, answered)
        return shapes.recovery_codes(name, answered.recovery)

    return await call.write(keep)


@factors.delete(f"{_ONE}/totp", example=Example(variables=_CAROL))
async def remove_totp(
    call: Call, administrator: str, query: Writing
) -> Written[shapes.AdministratorShape]:
    """Ask for no more codes, as when a telephone is lost."""
    name = administrator_name(administrator)
    return await call.write(
        lambda uow: shapes.administrator(totp.remove(uow, call.actor, name)),
    )


@factors.get(f"{_ONE}/passkeys", example=Example(variables=_CAROL))
async def list_passkeys(
    call: Call, administrator: str, query: Paging
) -> Listed[shapes.PasskeyShape]:
    """List the passkeys of an administrator: one's own without any permission."""
    from postwarden.services.logins import passkeys  # noqa: PLC0415  takes 0.2 s

    name = administrator_name(administrator)
    return await call.page(
        query,
        lambda uow, after, limit: [
            each for each in passkeys.page(uow, call.actor, name) if each.id > after
        ][:limit],
        first=0,
        key=lambda each: each.id,
        shape=shapes.passkey,
    )


@factors.delete(
    f"{_ONE}/passkeys/{{passkey}}",
    example=Example(variables={**_CAROL, "passkey": "1"}),
)
async def remove_passkey(
    call: Call, administrator: str, passkey: str, query: Writing
) -> Written[shapes.PasskeyShape]:
    """Take a passkey away, as when it is lost."""
    from postwarden.services.logins import passkeys  # noqa: PLC0415  takes 0.2 s

    name, removed = administrator_name(administrator), number(passkey, "passkey")
    return await call.write(
        lambda uow: shapes.passkey(passkeys.remove(uow, call.actor, name, removed)),
    )


@factors.post("/passkeys/invitation", status=200, example=Example(asks="carol"))
async def invite_passkey(call: Call) -> One[shapes.InvitationShape]:
    """Begin to register a passkey for oneself: its `options` are for a browser.

    In a page: `navigator.credentials.create({publicKey:
    PublicKeyCredential.parseCreationOptionsFromJSON(options)})`.
    """
    from postwarden.services.logins import passkeys  # noqa: PLC0415  takes 0.2 s

    store, party = call.house.store, call.house.party
    made = await store.transact(passkeys.invite_to_register, call.actor, party)
    return One(shapes.invitation(made.handle, made.options), is_versioned=False)


@factors.post(
    "/passkeys",
    example=Example(
        asks="carol",
        body={"handle": "INVITED", "answer": "REGISTERED", "name": "telephone"},
    ),
)
async def register_passkey(call: Call, body: NewPasskey) -> One[shapes.PasskeyShape]:
    """Keep a passkey of one's own: `answer` is the credential that was made, as JSON.

    It uses the invitation up, whether it holds or not.
    """
    from postwarden.services.logins import passkeys  # noqa: PLC0415  takes 0.2 s

    kept = await passkeys.register(
        call.house.store,
        call.actor,
        call.house.party,
        handle=body.handle,
        answer=json.dumps(body.answer),
        name=body.name,
    )
    return One(shapes.passkey(kept), is_versioned=False)
