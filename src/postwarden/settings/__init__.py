"""Every setting: name, type, default, one line of meaning, and where it comes from."""

from postwarden.settings.documentation import settings_markdown
from postwarden.settings.sections import (
    CaseSettings,
    DeliverySettings,
    LogSettings,
    PasswordSettings,
    Settings,
    SmtpSettings,
    StoreSettings,
    TlsSettings,
    WorkerSettings,
)
from postwarden.settings.sources import load_settings
from postwarden.settings.webhooks import WebhookSettings

__all__ = [
    "CaseSettings",
    "DeliverySettings",
    "LogSettings",
    "PasswordSettings",
    "Settings",
    "SmtpSettings",
    "StoreSettings",
    "TlsSettings",
    "WebhookSettings",
    "WorkerSettings",
    "load_settings",
    "settings_markdown",
]
