"""The SMTP grammar, both ways and without I/O (RFC 5321 and its extensions)."""
