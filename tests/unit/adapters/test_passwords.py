"""Password hashes: ours, and those of other mail systems.

The vectors are of `doveadm pw` 2.3, and of `openssl passwd` 3.0 where they have the
salt abcdefgh.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator

import argon2
import pytest

from postwarden.adapters import passwords as module
from postwarden.adapters.passwords import Argon2Passwords, PasswordCost
from postwarden.model.errors import Invalid

PASSWORD = "Geheimnis: ß"
CHEAP = PasswordCost(memory=8 * 1024, passes=1, remembered=0)
VECTORS = [
    "{SHA}1o8tL09Xt+KGBtdv1caBV1xM1n0=",
    "{SHA1}1o8tL09Xt+KGBtdv1caBV1xM1n0=",
    "{sha}1o8tL09Xt+KGBtdv1caBV1xM1n0=",
    "{SHA.HEX}d68f2d2f4f57b7e28606d76fd5c681575c4cd67d",
    "{SHA256}ULv+QJNADp32pXxitEHXwDopxeT8ZAawu/VQEeh78Q0=",
    "{SHA512}d6imgmZqxXk3sjO8be5CB6y+kpdHLm+xNWjAs5r7c0QCbVjkd8UW26DcosfxcaHcLNmMITsERha"
    "3oIJDCg9dZg==",
    "{SSHA}KodtJgYUN6u2/+vU8nZHdaoOVeainDPP",
    "{SSHA256}ZnNtETwA1qRfSUehV8BBRN1M5I82gFxIlzUPrijX7PmF4Cnh",
    "{SSHA256.HEX}bf799c15674ca05c1dce729c09cfb6d2f010f0a9cafdc081560cec97f30f9272daae0be0",
    "{SSHA512}sfhb5ha4OAMGg7vr1LW9NQhGVY2ih+58tGTIDJQNht9z0g5vFBmnoRN7YcoclDQICc05yxMunvH"
    "DJU73aKZUqA5QWjU=",
    "{SMD5}dXkQeaGyGvfDdXyCl0NMFZX5Rrw=",
    "{LDAP-MD5}n2bley5DEcSIrsvtJlUDBg==",
    "{PLAIN-MD5}9f66e57b2e4311c488aecbed26550306",
    "{PLAIN-MD5.B64}n2bley5DEcSIrsvtJlUDBg==",
    "{MD5-CRYPT}$1$8CnFsEUU$cOPRoH5KeK40nWhu1kof01",
    "$1$abcdefgh$cC/DOXEIBokBrc5OOmTQx1",
    "{SHA256-CRYPT}$5$F3o2V0/DbyJRNx4C$2opMztFBeaSMH6.zAWS/.xPCgqKwsP.YrHgPVloVAg.",
    "$5$abcdefgh$RoPZskFDZbiiwbPpPJ.z/6I7rJ23Oo/9ixH/b.HTeQA",
    "{SHA512-CRYPT}$6$bZdB0tgksxp/ZDFc$e3Ah6N8ifjnmd4wuiA8kMMwZXhM1vIsojyBKx6T8cY4hOQVvqnk"
    "wThaKp6H1XJMlJAvU5aJMFRv46vyXJVBAX.",
    "{CRYPT}$6$abcdefgh$umSQy2AO1zLmQ0VFarLujU1fBviaJwcRN8O/lJumYmNN.chNmqhawOQAbHHtY/Nqse"
    "z5uUR0TRxp1YSCO5J7g/",
    "{BLF-CRYPT}$2y$05$RsLQbn8W0b9okRaCKkN8eefDkTfV2wWou4n3/t0S.KsYyOTxTnNYu",
    "{CRYPT}$2y$05$Y7BG/wOp5hwzxCoupwqDsuRRzkBt31MiiigV9ix7UArzQolrGCwze",
    "$2b$05$Y7BG/wOp5hwzxCoupwqDsuRRzkBt31MiiigV9ix7UArzQolrGCwze",
    "{DES-CRYPT}3Rf1bPtPjLk/2",
    "{CRYPT}3Rf1bPtPjLk/2",
    "{PBKDF2}$1$Yrmr4J3Yp/qTcUb.$5000$4379d517571d3b8cabbef3fe2af087a10e43c182",
    "$pbkdf2-sha256$10$c2FsdHNhbHQ$tuf4HMrQ85RSolwYq2qDEQOpHiVOKiC8nypw8KtPdTw",
    "{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$SNuRWbek0BMBQm3Mkqbo4g$4y2L2No84XoWvxowcL/DT"
    "M052XRaJ2dCEd0evv98J0Q",
    "{ARGON2I}$argon2i$v=19$m=32768,t=4,p=1$hlJrpt/6ouGloRxVEwzW/g$rmjdVIiXxnBuBgRiJpeMDzV8"
    "waEnhkGH9o1dO9KuZrs",
]
HOPELESS = [
    "",
    "geheim",
    "{}",
    "{NONSENSE}abc",
    "{SSHA}",
    "{SSHA}!!!!",
    "{SSHA}c2hvcnQ=",
    "{PLAIN-MD5}xyz",
    "$2y$99$RsLQbn8W0b9okRaCKkN8eefDkTfV2wWou4n3/t0S.KsYyOTxTnNYu",
    "$2y$05$short",
    "$6$abcdefgh",
    "$6$rounds=999999999$abcdefgh$umSQy2AO1zLmQ0VFarLujU1fBviaJwcRN8O/lJumYmNN.chNmqhawOQA"
    "bHHtY/Nqsez5uUR0TRxp1YSCO5J7g/",
    "$y$j9T$abc$def",
    "{CRYPT}$y$j9T$abc$def",
    "{PBKDF2}$1$salt$99999999$00",
    "{PBKDF2}$1$salt$5000$",
    "{PBKDF2}$2$salt$5000$00",
    "{PBKDF2}nonsense",
    "$argon2id$v=19$m=4294967295,t=3,p=1$SNuRWbek0BMBQm3Mkqbo4g$4y2L2No84XoWvxowcL",
    "$argon2id$nonsense",
    "$argon2id$v=19$m=8,t=1,p=1$!!!!$????",
    "$argon2id$v=19$m=8,t=1,p=1$$",
    "$1$abcdefgh$cC/DOXEIBokBrc5OOmTQxß",
    "x" * 10_000,
]


class Ticks:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def passwords() -> Iterator[Argon2Passwords]:
    made = Argon2Passwords(CHEAP)
    yield made
    made.close()


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
async def remembering(ticks: Ticks) -> AsyncIterator[Argon2Passwords]:
    made = Argon2Passwords(
        PasswordCost(memory=8 * 1024, passes=1, remembered=60), clock=ticks
    )
    yield made
    made.close()


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that argon2 was asked to compare with."""
    asked: list[str] = []
    verify = argon2.PasswordHasher.verify

    def counted(self: argon2.PasswordHasher, known: str, password: bytes) -> bool:
        asked.append(known)
        return verify(self, known, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counted)
    return asked


async def test_a_hash_of_ours_is_argon2id_and_verifies(
    passwords: Argon2Passwords,
) -> None:
    made = await passwords.hash(PASSWORD)
    assert made.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert await passwords.verify(PASSWORD, made)
    assert not await passwords.verify(PASSWORD + " ", made)
    assert not passwords.is_outdated(made)
    assert await passwords.hash(PASSWORD) != made


def test_the_usual_cost_is_19_mib_and_two_passes() -> None:
    cost = PasswordCost()
    assert (cost.memory, cost.passes, cost.parallelism) == (19 * 2**20, 2, 1)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector[:24])
async def test_hashes_of_other_systems_verify_until_the_next_login(
    passwords: Argon2Passwords, vector: str
) -> None:
    passwords.check(vector)
    assert await passwords.verify(PASSWORD, vector)
    assert not await passwords.verify("geheim", vector)
    assert passwords.is_outdated(vector)


@pytest.mark.parametrize("vector", HOPELESS, ids=lambda vector: vector[:24])
async def test_what_is_no_hash_is_refused_and_never_verifies(
    passwords: Argon2Passwords, vector: str
) -> None:
    with pytest.raises(Invalid) as caught:
        passwords.check(vector)
    assert caught.value.field == "password_hash"
    assert not await passwords.verify(PASSWORD, vector)
    assert passwords.is_outdated(vector)


@pytest.mark.parametrize("scheme", ["PLAIN", "plain", "CLEARTEXT", "CLEAR"])
async def test_a_readable_password_is_no_hash(
    passwords: Argon2Passwords, scheme: str
) -> None:
    with pytest.raises(Invalid, match="readable"):
        passwords.check(f"{{{scheme}}}{PASSWORD}")
    assert not await passwords.verify(PASSWORD, f"{{{scheme}}}{PASSWORD}")


@pytest.mark.parametrize("password", ["", "a\0b", "x" * 1025, "\ud800"])
async def test_an_impossible_password_is_refused_and_never_verifies(
    passwords: Argon2Passwords, password: str
) -> None:
    with pytest.raises(Invalid):
        await passwords.hash(password)
    assert not await passwords.verify(password, VECTORS[0])


async def test_a_long_password_verifies_by_what_bcrypt_reads_of_it(
    passwords: Argon2Passwords,
) -> None:
    # `doveadm pw -s BLF-CRYPT -p $(printf 'x%.0s' $(seq 72))`
    cut = "$2y$05$YNCs5oevuxHHpQOAfgU91.pkepXQLS73L33LPtqOWTnlgt2sVQzDm"
    assert await passwords.verify("x" * 72, cut)
    assert await passwords.verify("x" * 100, cut)
    assert not await passwords.verify("x" * 71, cut)


async def test_every_failure_pays_for_a_hash_of_ours(
    passwords: Argon2Passwords, computed: list[str]
) -> None:
    known = await passwords.hash(PASSWORD)
    for password_hash in (None, known, VECTORS[0], HOPELESS[3]):
        computed.clear()
        assert not await passwords.verify("wrong", password_hash)
        assert len(computed) == 1
        assert computed[0].startswith("$argon2id$v=19$m=8,t=1,p=1$")


async def test_a_verified_login_is_not_hashed_again_for_a_while(
    remembering: Argon2Passwords, ticks: Ticks, computed: list[str]
) -> None:
    known = await remembering.hash(PASSWORD)
    for now, expected in ((0, 1), (59, 1), (60, 2)):
        ticks.now = now
        assert await remembering.verify(PASSWORD, known)
        assert len(computed) == expected


async def test_a_wrong_password_is_not_remembered(
    remembering: Argon2Passwords,
) -> None:
    known = await remembering.hash(PASSWORD)
    assert await remembering.verify(PASSWORD, known)
    assert not await remembering.verify("wrong", known)
    assert not await remembering.verify("wrong", known)


async def test_a_new_hash_forgets_the_old_password(
    remembering: Argon2Passwords,
) -> None:
    known = await remembering.hash(PASSWORD)
    assert await remembering.verify(PASSWORD, known)
    changed = await remembering.hash("other")
    assert not await remembering.verify(PASSWORD, changed)


async def test_what_is_remembered_is_bounded(
    remembering: Argon2Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_REMEMBERED", 3)
    for number in range(10):
        known = await remembering.hash(str(number))
        assert await remembering.verify(str(number), known)
    assert len(remembering._verified._until) == 3


async def test_no_password_can_be_read_from_what_is_remembered(
    remembering: Argon2Passwords,
) -> None:
    known = await remembering.hash(PASSWORD)
    await remembering.verify(PASSWORD, known)
    kept = b"".join(remembering._verified._until)
    assert PASSWORD.encode() not in kept
    assert known.encode() not in kept


async def test_hashes_leave_the_event_loop_free(passwords: Argon2Passwords) -> None:
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while turns < 100:
            turns += 1
            await asyncio.sleep(0)

    hashes = asyncio.gather(*(passwords.hash(str(n)) for n in range(20)))
    await turn()
    assert turns == 100
    assert len(set(await hashes)) == 20
