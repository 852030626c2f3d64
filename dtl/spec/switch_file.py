"""The CSV of ``network.switches``: the position of each switch that is not as the model has it."""

from __future__ import annotations

from pathlib import Path

from dtl.spec import small_csv
from dtl.spec.base import near

POSITIONS = {"open": False, "closed": True, "close": True, "0": False, "1": True}
"""Whether a switch is closed, by the word of the column ``position``."""


def positions(path: Path) -> dict[str, bool]:
    """Whether each switch of a file is closed, by its name, which may begin with ``FEEDER:``.

    Raises
    ------
    SmallCsvError
        Columns lack or are unknown, or rows are wrong; all of them are told.
    """
    found = dict[str, bool]()
    rows, wrong = small_csv.read(path, ("switch", "position"))
    for line, row in rows:
        name, word = row["switch"], row["position"].lower()
        if not name:
            wrong.append(f":{line}: switch: is empty")
        elif word not in POSITIONS:
            wrong.append(f":{line}: position: '{word}' is no position{near(word, ('open', 'closed'))}")
        elif name in found:
            wrong.append(f":{line}: switch: '{name}' stands there twice")
        else:
            found[name] = POSITIONS[word]
    small_csv.refuse(wrong)
    return found
