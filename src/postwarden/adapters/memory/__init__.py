"""Every port in dictionaries of frozen values: for tests and for trying things."""
