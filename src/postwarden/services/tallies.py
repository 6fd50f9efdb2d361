"""What imports have done so far, whatever it is that they bring in."""

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Imported:
    """How much was imported, was there already, and could not be read."""

    imported: int = 0
    duplicates: int = 0
    failed: int = 0

    @property
    def is_failure(self) -> bool:
        """Whether nothing could be imported, and nothing was there already."""
        return bool(self.failed and not self.imported and not self.duplicates)
