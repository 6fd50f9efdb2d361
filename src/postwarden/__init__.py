"""Postwarden: a mail platform whose purpose is administration."""

__version__ = "0.1.0"
