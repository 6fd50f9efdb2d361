"""Programs for those who work on Postwarden; none is installed."""
