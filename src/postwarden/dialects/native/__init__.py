"""Our own API: what it answers is what the command line prints with `--json`."""
