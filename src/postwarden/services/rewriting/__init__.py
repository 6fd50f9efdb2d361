"""Rewriting of recipients: the table behind the directory, its patterns, its ways."""
