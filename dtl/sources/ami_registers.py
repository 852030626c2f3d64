"""Registers of one meter for one quantity, as general supply and controlled load, or day and night: their sum counts.

A row holds one quantity of one register; the number of the register stands above the bits of the quantity. Registers
that run side by side are all needed for a sum; of those that take turns, as tariffs of day and night, each interval
has one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from dtl.sources.ami_loose import DELIVERED, REACTIVE, RECEIVED, Column, Loose

SHIFT = 3
MOST = 30
"""Most registers of one quantity; the highest codes are those of rows that are not read."""
PLUS = "+"
"""Between the name of a role and the number of a further column of it, as in ``delivered+1``."""
ENERGIES = (DELIVERED, RECEIVED)
ENOUGH = 24
"""Fewest intervals that tell whether two registers are one."""


def quantity(part: Column) -> Column:
    """Which quantity rows hold, without the number of the register."""
    return np.asarray(part & ((1 << SHIFT) - 1))


def coded(words: Mapping[str, str], parts: Mapping[str, int]) -> dict[str, int]:
    """The code of each word of a channel: quantity and, of energies, register; 255 for those that are not read."""
    found: dict[str, int] = {}
    count: dict[int, int] = {}
    for word, name in words.items():
        part = parts.get(name, 255)
        number = min(count.get(part, 0), MOST) if part in (*ENERGIES, REACTIVE) else 0
        found[word], count[part] = part | number << SHIFT, number + 1
    return found


def role_of(role: str) -> str:
    """The role of a column, without the number of a further one."""
    return role.partition(PLUS)[0]


def code_of(role: str, parts: Mapping[str, int]) -> int:
    """The code of a column by its role."""
    name, _, number = role.partition(PLUS)
    return parts[name] | int(number or 0) << SHIFT


def alike(rows: Loose, first: NDArray[np.int64]) -> NDArray[np.int32]:
    """Codes of meters two of whose registers of delivered energy are equal wherever both are: one under two names."""
    own = np.flatnonzero(quantity(rows.part) == DELIVERED)
    if not (rows.part[own] >> SHIFT).any():
        return np.zeros(0, np.int32)
    interval = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(rows.part))))[own]
    low, high = np.full(len(first), np.inf), np.full(len(first), -np.inf)
    np.fmin.at(low, interval, rows.kwh[own])
    np.fmax.at(high, interval, rows.kwh[own])
    shared, code = (np.bincount(interval, minlength=len(first)) > 1) & (high > 0), rows.code[first]
    enough = np.bincount(code[shared]) >= ENOUGH
    enough[code[shared & (low < high)]] = False
    return np.flatnonzero(enough).astype(np.int32)


def lacking(rows: Loose, first: NDArray[np.int64], which: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which intervals lack a register that runs beside another one of its meter, in the time between its ends.

    Parameters
    ----------
    rows
        Sorted by meter and interval, each register once.
    first
        The first row of each interval, shape (n,).
    which
        The quantities that are looked at.
    """
    count = len(first)
    none = np.zeros(count, np.bool_)
    of = quantity(rows.part)
    own = np.flatnonzero(np.isin(of, which))
    if not (rows.part[own] >> SHIFT).any():
        return none
    interval = (np.repeat(np.arange(count), np.diff(np.append(first, len(rows.part)))))[own]
    beside = interval * (1 << SHIFT) + of[own]
    shared = np.bincount(beside, minlength=1)[beside] > 1
    group = np.lexsort((interval, rows.part[own], rows.code[own]))
    code, part, place, shared = rows.code[own][group], rows.part[own][group], interval[group], shared[group]
    new = np.append(True, (code[1:] != code[:-1]) | (part[1:] != part[:-1]))
    begin, number = np.flatnonzero(new), np.cumsum(new) - 1
    side_by_side = np.bincount(number, shared) > 0.5 * np.bincount(number)
    end = np.append(begin[1:], len(code)) - 1
    needed = np.zeros(count + 1, np.int64)
    np.add.at(needed, place[begin[side_by_side]], 1)
    np.add.at(needed, place[end[side_by_side]] + 1, -1)
    there = np.bincount(place[side_by_side[number]], minlength=count)
    return np.asarray(there < np.cumsum(needed)[:-1])
