"""What every dialect stands on: requests in, answers out, bounds on both.

A dialect is an ASGI app of its own (`application.App`), so that what it does not
know is refused in its own words. Nothing here knows any dialect.
"""
