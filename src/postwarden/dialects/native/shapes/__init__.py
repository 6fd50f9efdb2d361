"""What our own product shows of its things, as fields that scripts rely on.

The API answers with them and the command line prints them with `--json`. Each shape
is a TypedDict and the function that makes it; times stay times and whoever writes
them down makes RFC 3339 of them. To add a field is free, to change one is a decision.
"""
