"""WebAdmin, the administration API of Apache James 3.6."""
