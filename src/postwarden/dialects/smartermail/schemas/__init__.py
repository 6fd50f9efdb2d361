"""What is on the wire, section by section: SmarterMail's names, types and spellings.

Requests have their names in lower case, which the kit has folded them to; answers
have them exactly as clients look for them.
"""

import msgspec


class Asked(msgspec.Struct, rename=lambda name: name.replace("_", ""), kw_only=True):
    """What every request has: names of any case, and only what we read of it."""
