"""Message content after DATA, taken out of its dots (RFC 5321 §4.5.2)."""

_END = b"\r\n.\r\n"


class DataDecoder:
    """Finds the one true end of data and undoes dot-stuffing, piece by piece.

    Only CRLF.CRLF ends the data (RFC 5321 §4.1.1.4). A CR or LF that stands alone
    is passed through and remembered in `bare`, since what some servers take for a
    line end and others do not is how one mail is smuggled inside another. How the
    octets are cut into pieces makes no difference.
    """

    __slots__ = ("_carry", "_skip", "bare")

    def __init__(self) -> None:
        self.bare = False
        # The CRLF of the DATA command counts as that before a first dot.
        self._carry = b"\r\n"
        self._skip = 2

    def feed(self, octets: bytes) -> tuple[bytes, bytes | None]:
        """Return content, and what follows the end of data (None before it).

        At most four octets, which may turn out to belong to the end, are kept
        back between two calls.
        """
        octets = self._carry + octets
        end = octets.find(_END)
        if end >= 0:
            self._carry = b""
            return self._unstuff(octets[: end + 2]), octets[end + len(_END) :]
        keep = _open_end(octets)
        self._carry = octets[len(octets) - keep :]
        return self._unstuff(octets[: len(octets) - keep]), None

    def _unstuff(self, octets: bytes) -> bytes:
        if not octets:
            return octets
        lines = octets.count(b"\r\n")
        if octets.count(b"\n") != lines or octets.count(b"\r") != lines:
            self.bare = True
        if b"\r\n." in octets:
            octets = octets.replace(b"\r\n.", b"\r\n")
        skip, self._skip = self._skip, 0
        return octets[skip:] if skip else octets


def _open_end(octets: bytes) -> int:
    """Return how many octets at the end may be the start of the end of data."""
    for length in (4, 3, 2, 1):
        if octets.endswith(_END[:length]):
            return length
    return 0
