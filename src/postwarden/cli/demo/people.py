"""The invented people of the demo: three companies, their accounts and addresses."""

import random
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

GIVEN = {
    "en": "Mira Owen Tess Harvey Nell Callum Ruth Desmond Isla Patrick Wanda Neville",
    "fr": "Élodie Bastien Solène Gaspard Maëlle Thierry Odile Rémi Capucine Yannick",
    "de": "Frauke Jörg Ilse Detlef Käthe Rüdiger Swantje Matthias Gesine Holger Uta",
    "it": "Ornella Fabrizio Ilaria Saverio Nicoletta Tullio Mirella Corrado",
    "es": "Pilar Gonzalo Nieves Íñigo Rocío Fermín Lourdes Anselmo Begoña Ramiro",
    "pt": "Graça Adérito Fátima Valdemar Conceição Nuno Iolanda Baltazar",
}
FAMILY = {
    "en": "Holt Farrow Pike Lindley Marsh Tolley Quill Ashby Garside Wren Stead",
    "fr": "Morvan Lacombe Petitjean Vasseur Delmas Rouvier Charpin Quentel",
    "de": "Brandt Ahlers Köster Nußbaum Vogt Wiechert Löhr Harms Jessen Tietz",
    "it": "Bellandi Corsetti Mengoni Pavan Sartorelli Zorzi Tovaglia",
    "es": "Arriaga Cobos Lezama Mondéjar Otero Quiroga Salcedo Vidaurre",
    "pt": "Azinheira Brandão Carvalhal Falcão Meirinho Sarmento Teixeirinha",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who writes mail; `is_here` tells who has an account."""

    name: str
    address: str
    language: str
    is_here: bool = True

    @property
    def given(self) -> str:
        return self.name.partition(" ")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A hosted domain with its people and the addresses that lead to them.

    Keys of `aliases`, `groups` and `lists` are local parts.
    """

    name: str
    domain: str
    people: Sequence[Person]
    aliases: Mapping[str, Person]
    groups: Mapping[str, Sequence[Person]]
    lists: Mapping[str, Sequence[Person]]

    def has(self, local_part: str) -> bool:
        """Whether the company has a shared address of that name."""
        return local_part in {*self.aliases, *self.groups, *self.lists}

    def address(self, local_part: str) -> str:
        return f"{local_part}@{self.domain}"

    @property
    def away(self) -> Person:
        """Return who is on leave: mail goes to the deputy too, a copy is kept."""
        return self.people[-1]

    @property
    def deputy(self) -> Person:
        return self.people[0]

    def speakers(self, language: str) -> list[Person]:
        return [person for person in self.people if person.language == language]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Blueprint:
    """A company without its people; numbers are members of groups and lists."""

    name: str
    domain: str
    share: float  # of all accounts
    languages: Sequence[str]  # taken in turn; the first one writes most
    aliases: Sequence[str]
    groups: Mapping[str, int]
    lists: Mapping[str, int]


_EVERYONE = 10**6
ELSEWHERE = "elsewhere"  # languages that only partners write
_BLUEPRINTS = (
    _Blueprint(
        name="Northquay Freight",
        domain="northquay.example",
        share=0.55,
        languages=("en", "en", "fr"),
        aliases=("helpdesk", "postmaster", "sales", "facilities"),
        groups={"operations": 8},
        lists={"everyone": _EVERYONE, "press": 4},
    ),
    _Blueprint(
        name="Lindenhof am See",
        domain="lindenhof.example",
        share=0.25,
        languages=("de", "de", "it"),
        aliases=("postmaster", "info", "reservierung"),
        groups={"technik": 4},
        lists={"alle": _EVERYONE},
    ),
    _Blueprint(
        name="Molino Claro",
        domain="molinoclaro.example",
        share=0.20,
        languages=("es", "es", "pt"),
        aliases=("postmaster", "pedidos"),
        groups={"taller": 5},
        lists={"todos": _EVERYONE},
    ),
)
_ELSEWHERE = {
    "en": ("harbourlight.example", "kestrelfoods.example", "oxbowtools.example"),
    "fr": ("papeterie-sud.example", "verrerie-lacombe.example"),
    "de": ("kontor-weiss.example", "obsthof-brandt.example"),
    "it": ("bellavalle.example", "tipografia-ponte.example"),
    "es": ("laespiga.example", "mercadopuente.example"),
    "pt": ("padaria-central.example", "tresirmaos.example"),
    ELSEWHERE: ("yokohama-parts.example", "transport-wisla.example"),
}
_FAR = ("Hanako Mori", "Zofia Lis", "Jin Bao")


def companies(accounts: int, dice: random.Random) -> list[Company]:
    """Return the three companies with `accounts` people among them."""
    sizes = [int(accounts * blueprint.share) for blueprint in _BLUEPRINTS]
    sizes[0] += accounts - sum(sizes)
    fewest = max(2, accounts // 20)  # a small demo has small groups
    return [
        _settled(blueprint, size, fewest, dice)
        for blueprint, size in zip(_BLUEPRINTS, sizes, strict=True)
    ]


def strangers(dice: random.Random) -> dict[str, list[Person]]:
    """Return people from elsewhere, by the language that they write."""
    found: dict[str, list[Person]] = {}
    for language, domains in _ELSEWHERE.items():
        names = iter(_FAR) if language == ELSEWHERE else _names(language, dice)
        found[language] = [
            _person(name, domain, language, is_here=False)
            for name, domain in zip(names, domains * 3, strict=False)
        ]
    return found


def _settled(
    blueprint: _Blueprint, size: int, fewest: int, dice: random.Random
) -> Company:
    everyone = _staff(blueprint, size, dice)
    first = blueprint.languages[0]
    speakers = [each for each in everyone[:-1] if each.language == first]

    def some(count: int) -> list[Person]:
        return dice.sample(speakers, min(count, len(speakers)))

    def members(count: int) -> list[Person]:
        return everyone if count == _EVERYONE else some(min(count, fewest))

    aliases = blueprint.aliases
    return Company(
        name=blueprint.name,
        domain=blueprint.domain,
        people=everyone,
        aliases=dict(zip(aliases, some(len(aliases)), strict=True)),
        groups={name: members(count) for name, count in blueprint.groups.items()},
        lists={name: members(count) for name, count in blueprint.lists.items()},
    )


def _staff(blueprint: _Blueprint, size: int, dice: random.Random) -> list[Person]:
    names = {each: _names(each, dice) for each in dict.fromkeys(blueprint.languages)}
    people = []
    for number in range(size):
        language = blueprint.languages[number % len(blueprint.languages)]
        # Where there are more people than names, the rest is numbered.
        name = next(names[language], f"Desk {number}")
        people.append(_person(name, blueprint.domain, language))
    return people


def _names(language: str, dice: random.Random) -> Iterator[str]:
    """Yield every name of a language, in an order of chance."""
    givens, families = GIVEN[language].split(), FAMILY[language].split()
    pairs = [f"{given} {family}" for given, family in product(givens, families)]
    return iter(dice.sample(pairs, len(pairs)))


def _person(name: str, domain: str, language: str, *, is_here: bool = True) -> Person:
    local_part = ".".join(_plain(name).split())
    return Person(
        name=name,
        address=f"{local_part}@{domain}",
        language=language,
        is_here=is_here,
    )


def _plain(name: str) -> str:
    """Return a name as people write it into addresses: jörg becomes joerg."""
    spelt = name.lower()
    for letter, letters in {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}.items():
        spelt = spelt.replace(letter, letters)
    decomposed = unicodedata.normalize("NFD", spelt)
    return "".join(c for c in decomposed if not unicodedata.combining(c))
