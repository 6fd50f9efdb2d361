"""What our own API takes: query parameters and bodies, bounded field by field."""
