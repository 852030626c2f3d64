"""The CSV of ``network.switches``: the position of each switch that is not as the model has it."""

from __future__ import annotations

from pathlib import Path

from dtl.spec import small_csv
from dtl.spec.base import near

POSITIONS = {"open": False, "closed": True, "close": True, "0": False, "1": True}
"""Whether a switch is closed, by the word of the column ``position``."""


class SwitchesError(Exception):
    """A file of positions that is not as it must be: one line of text for each row, which begins with ``:line:``."""


def positions(path: Path) -> dict[str, bool]:
    """Whether each switch of a file is closed, by its name, which may begin with ``FEEDER:``.

    Raises
    ------
    SwitchesError
        Columns lack, or rows are wrong; all of them are told.
    """
    found, wrong = dict[str, bool](), list[str]()
    (at, header), body = small_csv.read(path)
    if header and (lacking := [c for c in ("switch", "position") if c not in header]):
        raise SwitchesError(f":{at}: has no column {' and '.join(lacking)}")
    for line, cells in body:
        row = dict(zip(header, cells, strict=False))
        name, word = row.get("switch", ""), row.get("position", "").lower()
        if not name:
            wrong.append(f":{line}: switch: is empty")
        elif word not in POSITIONS:
            wrong.append(f":{line}: position: '{word}' is no position{near(word, ('open', 'closed'))}")
        elif name in found:
            wrong.append(f":{line}: switch: '{name}' stands there twice")
        else:
            found[name] = POSITIONS[word]
    if not header:
        raise SwitchesError(":1: is empty; its columns are switch and position")
    if wrong:
        raise SwitchesError("\n".join(wrong))
    return found
