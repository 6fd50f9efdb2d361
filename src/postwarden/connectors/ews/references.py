"""What finds a copy again: the item's id, and the folder where it belongs."""

import json
from dataclasses import dataclass

from postwarden.model.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Ids as the server gave them; `folder` is where the item lay when it was found."""

    item: str
    folder: str

    def text(self) -> str:
        return json.dumps({"item": self.item, "folder": self.folder})

    @classmethod
    def of(cls, text: str) -> "Reference":
        """Read what `text` wrote; raises Invalid."""
        try:
            known = json.loads(text)
            return cls(item=str(known["item"]), folder=str(known["folder"]))
        except (ValueError, KeyError, TypeError) as error:
            raise Invalid("no reference of an EWS item", field="reference") from error
