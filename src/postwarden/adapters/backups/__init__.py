"""Backups of a store on disk: made while it is written to, restored, never half."""
