"""The texts of mail that has just arrived, kept until the indexer takes them.

Only a shortcut: it saves the indexer reading and scanning content once more. What is
not here is read from the content, and nothing is ever right only because it is here.
"""

from sys import getsizeof

from postwarden.services.ingest import Texts

MOST = 8 << 20  # octets of memory


class RecentTexts:
    """Texts by SHA-256 of their message, in bounded memory; each is taken once.

    When there is no more room new ones are not kept, since the oldest are those
    that the indexer wants next.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._held = 0
        self._texts: dict[bytes, Texts] = {}
        self._offered: set[bytes] = set()

    def keep(self, sha256: bytes, texts: Texts) -> None:
        """Keep the texts of a message that is about to be delivered."""
        size = _size(texts)
        if sha256 not in self._texts and self._held + size <= self._most:
            self._texts[sha256] = texts
            self._held += size

    def take(self, sha256: bytes) -> Texts | None:
        """Return what is kept of a message, and keep it no longer."""
        texts = self._texts.pop(sha256, None)
        if texts is not None:
            self._held -= _size(texts)
        return texts

    def forget_unclaimed(self) -> None:
        """Forget texts that were here at the last call already.

        Nobody came for them: their mail was refused, say. Those that are new may be
        of mail that is just being committed.
        """
        for sha256 in self._offered & self._texts.keys():
            self.take(sha256)
        self._offered = set(self._texts)


def _size(texts: Texts) -> int:
    fields = (texts.subject, texts.body, texts.author, texts.header_to, texts.cc)
    return 500 + sum(map(getsizeof, (*fields, *texts.filenames)))
