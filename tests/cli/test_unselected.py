"""What `solve` says of a selection where the stage was too wide to select."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from posgc.cli.main import main


@pytest.mark.parametrize(("width", "sought"), [(130, False), (6, True)])
def test_a_selection_that_was_not_made(
    width: int, sought: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """130 x 130 actions give over 2 million coefficients, 6 x 6 a programme that selects."""
    pay = np.random.default_rng(1).integers(-99, 100, size=2 * width**2)
    path = tmp_path / "wide.nfg"
    path.write_text(f'NFG 1 R "wide" {{ "a" "b" }} {{ {width} {width} }}\n\n' + " ".join(map(str, pay)))
    assert main(["solve", str(path), "--concept", "ce", "--share", "full"]) == 0
    assert ("not proved to be the best for 'welfare'" in capsys.readouterr().out.replace("\n", " ")) is not sought
