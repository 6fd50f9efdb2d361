"""Logging in: `/auth/...`, and acting for somebody."""

from typing import Annotated

import msgspec

from postwarden.dialects.smartermail.envelope import Said
from postwarden.dialects.smartermail.schemas import Asked

Name = Annotated[str, msgspec.Meta(max_length=200)]


class Login(Asked, kw_only=True):
    """POST /auth/authenticate-user."""

    username: Name
    password: Name
    two_factor_code: Annotated[str, msgspec.Meta(max_length=100)] = ""
    client_id: Name = ""


class Renewal(Asked, kw_only=True):
    """POST /auth/refresh-token."""

    token: Annotated[str, msgspec.Meta(max_length=1000)]
    client_id: Name | None = None


class Email(Asked, kw_only=True):
    """An account, by its whole address."""

    email: Annotated[str, msgspec.Meta(max_length=400)]


class Granted(Said, kw_only=True):
    """Tokens, and until when they are good."""

    is_impersonating: bool
    access_token: str
    refresh_token: str
    access_token_expiration: str
    refresh_token_expiration: str
    username: str
    can_view_passwords: bool = False


class LoggedIn(Granted, kw_only=True):
    """What a login is answered with, beside its tokens."""

    email_address: str
    is_admin: bool
    is_domain_admin: bool
    change_password_needed: bool = False
    password_expired: bool = False
    display_welcome_wizard: bool = False
    is_licensed: bool = True
    auto_login_token: str = ""
    auto_login_url: str = ""
    locale_id: str = ""


class Impersonating(Said, kw_only=True):
    """Tokens to act for somebody with."""

    impersonate_access_token: str
    impersonate_refresh_token: str
    impersonate_access_token_expiration: str
    impersonate_refresh_token_expiration: str
