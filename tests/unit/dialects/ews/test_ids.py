"""Identifiers: read back as written, and anything else is malformed."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwarden.dialects.ews import ids
from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed

NUMBERS = st.integers(0, 2**63 - 1)
ITEMS = st.builds(
    ids.ItemId,
    *(NUMBERS, NUMBERS),
    st.integers(1 - 2**62, 2**62 - 1),
    st.sampled_from(ids.Lying),
)
FOLDERS = st.one_of(
    st.builds(ids.MailboxId, NUMBERS, NUMBERS),
    st.builds(ids.PlaceId, NUMBERS, st.sampled_from(ids.Place)),
)
ITEM = str(ids.ItemId(1, 2, 3))


@given(ITEMS, FOLDERS, NUMBERS)
def test_they_are_read_back(item: ids.ItemId, folder: ids.FolderId, key: int) -> None:
    assert ids.item_id(str(item)) == item
    assert ids.folder_id(str(folder)) == folder
    assert ids.modseq_of(ids.change_key(key)) == key
    attachment = ids.AttachmentId(item, (0, 3))
    assert ids.attachment_id(str(attachment)) == attachment
    assert len(str(attachment)) < 100


@given(st.text(max_size=80))
def test_what_was_never_one_is_malformed(text: str) -> None:
    for read in (ids.folder_id, ids.item_id, ids.attachment_id, ids.check):
        with pytest.raises(Failed) as raised:
            read(text)
        assert raised.value.response_code is Code.INVALID_ID_MALFORMED
    with pytest.raises(Failed) as raised:
        ids.modseq_of(text)
    assert raised.value.response_code is Code.INVALID_CHANGE_KEY


@given(ITEMS, st.integers(0, 30), st.integers(1, 255))
def test_one_that_was_altered_is_malformed(
    item: ids.ItemId, place: int, other: int
) -> None:
    octets = bytearray(base64.b64decode(str(item)))
    octets[place % len(octets)] ^= other
    with pytest.raises(Failed):
        ids.item_id(base64.b64encode(octets).decode())


@pytest.mark.parametrize("text", ["", ITEM.lower(), ITEM + "\n", ITEM * 100, "DUMMY"])
def test_case_and_form_count(text: str) -> None:
    with pytest.raises(Failed):
        ids.item_id(text)


def test_one_of_another_kind_is_malformed() -> None:
    with pytest.raises(Failed):
        ids.folder_id(ITEM)
    with pytest.raises(Failed):
        ids.item_id(str(ids.MailboxId(1, 2)))
