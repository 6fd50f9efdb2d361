"""The measurement behind decision record 0006 still runs, in every layout."""

from pathlib import Path

import pytest

from bench import blob_layouts
from bench.blob_stores import LAYOUTS


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_gives_back_what_it_was_given(
    layout: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Reading compares the digest of what comes back; 300 kB is a file in hybrid."""
    options = ["--sizes", "2", "300", "--producers", "2", "--seconds", "0.02"]

    status = blob_layouts.main([*options, "--layouts", layout, "--dir", str(tmp_path)])

    _, *lines = capsys.readouterr().out.splitlines()
    assert status == 0
    assert [line.split()[:3] for line in lines] == [
        ["2", "2", layout],
        ["300", "2", layout],
    ]
    assert not list(tmp_path.iterdir())
