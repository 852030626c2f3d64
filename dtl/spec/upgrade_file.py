"""The CSV of the layer ``upgrades``: one work a row, read for `check` and for the layer, and written for results."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dtl.errors import first_fault
from dtl.spec.base import near
from dtl.spec.canonical import plain
from dtl.spec.upgrade_steps import UpgradeStep

COLUMNS = ("asset", "change", "to", "year", "cost")
"""The columns; a file may have more of them, which are not read."""
NEEDED = ("asset", "change")

_TO: Mapping[str, tuple[str, ...]] = {
    "rebuild_line": ("conductor", "phases"),
    "replace_transformer": ("kva",),
    "add_regulator": ("set_volts",),
    "add_capacitor": ("kvar", "phases"),
    "set_regulator": ("volts",),
    "set_tap": ("tap",),
    "move_phase": ("to",),
    "add_battery": ("kw", "kwh"),
}
"""What the words in the column ``to`` mean, in their order."""
_BETWEEN = ">"
"""What stands between two buses in ``asset``, where a line is named by its ends."""


class UpgradesError(Exception):
    """A file of works that is not as it must be: one line of text for each row, which begins with ``:line:``."""


def works(path: Path) -> list[dict[str, Any]]:
    """The works of a file as plain JSON types, as a study writes them in ``do``.

    Raises
    ------
    UpgradesError
        Columns lack, or rows are wrong; all of them are told.
    """
    found, wrong = list[dict[str, Any]](), list[str]()
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = [c.strip().lower() for c in next((r for r in reader if _said(r)), [])]
        if lacking := [c for c in NEEDED if c not in header]:
            raise UpgradesError(f":1: has no column {' and '.join(lacking)}; the columns are {', '.join(COLUMNS)}")
        for cells in reader:
            if not _said(cells):
                continue
            row = {c: v.strip() for c, v in zip(header, cells, strict=False)}
            try:
                found.append(_work(row))
            except ValueError as err:
                wrong.append(f":{reader.line_num}: {_reason(err)}")
    if wrong:
        raise UpgradesError("\n".join(wrong))
    return found


def rows(steps: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The rows of works, the inverse of `works`: so results of `mitigation` become a file that a study commits."""
    return [_row(step) for step in steps]


def write(steps: Iterable[Mapping[str, Any]], path: Path) -> None:
    """Write the file of works."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows(steps))


def _said(cells: list[str]) -> bool:
    return bool("".join(cells).strip()) and not cells[0].lstrip().startswith("#")


def _work(row: Mapping[str, str]) -> dict[str, Any]:
    change, asset = row["change"], row["asset"]
    if change not in _TO:
        raise ValueError(f"change: '{change}' is no work{near(change, _TO)}")
    if not asset:
        raise ValueError("asset: is empty; name the line, transformer, regulator or bus")
    words = row.get("to", "").split()
    names = _TO[change]
    step: dict[str, str] = {}
    if "phases" in names and (phases := [w for w in words if re.fullmatch("A?B?C?", w)]):
        step["phases"] = phases[0]
        words.remove(phases[0])
    left = [n for n in names if n not in step]
    if len(words) > len(left):
        raise ValueError(f"to: '{row['to']}' has too many words; {change} takes {' and '.join(names)}")
    step |= dict(zip(left, words, strict=False))
    if change == "rebuild_line" and _BETWEEN in asset:
        one, _, other = asset.partition(_BETWEEN)
        step |= {"from": one.strip(), "to": other.strip()}
    else:
        step["line" if change == "rebuild_line" else "at"] = asset
    given = {word: row[word] for word in ("year", "cost") if row.get(word)}
    return plain(UpgradeStep.model_validate({**given, change: step}))


def _row(step: Mapping[str, Any]) -> dict[str, str]:
    change = next(word for word in _TO if word in step)
    work = step[change]
    asset = work.get("at") or work.get("line") or f"{work['from']}{_BETWEEN}{work['to']}"
    words = " ".join(_plain(work[name]) for name in _TO[change] if name in work)
    return {
        "asset": asset,
        "change": change,
        "to": words,
        "year": _plain(step.get("year", "")),
        "cost": _plain(step.get("cost", "")),
    }


def _plain(value: Any) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _reason(err: ValueError) -> str:
    if not isinstance(err, ValidationError):
        return str(err)
    place, _, message = first_fault(err)
    return f"{place}: {message}" if place else message
