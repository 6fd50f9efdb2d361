"""Mails to measure with: each one of its own, and made of what mail is made of."""

import base64
import random

KB = 1024
_LETTERS = "etaoinshrdlucmfw"
_TEXT = 2 * KB  # octets of text; a larger mail is an attachment for the rest
_POOL = 256 * KB
_BOUNDARY = "=-bench-part"
_LINE = 76


class Mails:
    """Distinct mails of one size that compress as mail does.

    Up to 2 kB are words; a larger mail carries base64 of octets that do not
    compress. Lines end in CRLF and none begins with a dot.
    """

    def __init__(self, size: int, seed: int = 20) -> None:
        chance = random.Random(seed)
        words = ["".join(chance.choices(_LETTERS, k=n % 9 + 2)) for n in range(2000)]
        # Frequent words are frequent, as in language.
        self._words = [words[int(2000 * chance.random() ** 3)] for _ in range(60_000)]
        encoded = base64.b64encode(chance.randbytes(_POOL)).decode("ascii")
        self._lines = [
            encoded[at : at + _LINE] for at in range(0, len(encoded) - _LINE, _LINE)
        ]
        self._chance = chance
        self.size = size

    def next(self, *, to: str = "bob@bench.example") -> bytes:
        """Return another mail."""
        token = self._chance.randbytes(10).hex()
        head = [
            f"Received: from {token[:8]}.example.net by mx.bench.example with ESMTP;",
            "\tSat, 21 Nov 2026 10:00:00 +0000",
            "Date: Sat, 21 Nov 2026 10:00:00 +0000",
            "From: Ada Lovelace <ada@example.net>",
            f"To: <{to}>",
            f"Subject: {' '.join(self._chance.choices(self._words, k=5))}",
            f"Message-ID: <{token}@example.net>",
            "MIME-Version: 1.0",
        ]
        body = self._large(head) if self.size > 2 * _TEXT else self._small(head)
        return "\r\n".join([*head, "", *body, ""]).encode("ascii")

    def _small(self, head: list[str]) -> list[str]:
        head.append("Content-Type: text/plain; charset=utf-8")
        return self._text(self.size - sum(len(line) + 2 for line in head) - 4)

    def _large(self, head: list[str]) -> list[str]:
        head.append(f'Content-Type: multipart/mixed; boundary="{_BOUNDARY}"')
        body = [
            f"--{_BOUNDARY}",
            "Content-Type: text/plain; charset=utf-8",
            "",
            *self._text(_TEXT),
            f"--{_BOUNDARY}",
            'Content-Type: application/octet-stream; name="report.bin"',
            "Content-Transfer-Encoding: base64",
            'Content-Disposition: attachment; filename="report.bin"',
            "",
        ]
        rest = self.size - sum(len(line) + 2 for line in (*head, *body)) - 24
        count = max(rest // (_LINE + 2), 1)
        at = self._chance.randrange(len(self._lines))
        turned = self._lines[at:] + self._lines[:at]
        body += (turned * (count // len(turned) + 1))[:count]
        return [*body, f"--{_BOUNDARY}--"]

    def _text(self, size: int) -> list[str]:
        """Return lines of words, of about `size` octets with their ends."""
        lines = []
        while size > 2:
            at = self._chance.randrange(len(self._words) - 12)
            line = " ".join(self._words[at : at + 12])[: min(_LINE, size - 2)]
            lines.append(line)
            size -= len(line) + 2
        return lines
