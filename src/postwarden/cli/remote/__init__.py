"""`--server URL`: the same commands as clients of a Postwarden elsewhere."""
