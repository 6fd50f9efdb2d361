"""Quotas of accounts: for one, for those of a domain, for all."""
