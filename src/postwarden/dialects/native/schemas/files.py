"""How directory files are asked for and taken."""

from typing import Annotated

from msgspec import Meta

from postwarden.dialects.native.schemas.fields import Taken, Writing
from postwarden.services.directory.files import Form, Mode


class DirectoryOrder(Taken):
    """A directory file to write."""

    format: Form = Form.CSV
    password_hashes: Annotated[
        bool, Meta(description="With what passwords are checked against.")
    ] = False


class DirectoryImporting(Writing):
    """What becomes of what the file does not have."""

    mode: Mode = Mode.MERGE
    allow_empty: Annotated[
        bool, Meta(description="Replace even when every account or domain goes.")
    ] = False
