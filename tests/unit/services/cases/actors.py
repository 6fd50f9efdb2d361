"""Who works at the desk: people of several roles and domains."""

from postwarden.model.actors import Actor
from postwarden.model.permissions import EVERYTHING, Permission

CAROL = Actor(name="carol", permissions=EVERYTHING)
DAVE = Actor(name="dave", permissions=EVERYTHING)
NOBODY = Actor(name="nobody")


def only(*permissions: Permission) -> Actor:
    return Actor(name="grace", permissions=frozenset(permissions))


def without(permission: Permission) -> Actor:
    return Actor(name="grace", permissions=EVERYTHING - {permission})


def of_domains(*domains: str) -> Actor:
    return Actor(name="heidi", permissions=EVERYTHING, domains=frozenset(domains))
