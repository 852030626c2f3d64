"""Columns of a GIS as fields of one type each: text, numbers with their unit, days, phases, yes or no.

Everything works on whole Arrow columns. What cannot be read is null and counted, with its row and value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dtl.sources.gis_words import DAYS, FLAGS, LENGTHS, NUMBERS, PHASES, VOLTAGES, Plan, Rule, Words, place

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"
VOLTAGE = r"^(?P<value>[0-9]+(?:\.[0-9]+)?) ?(?P<unit>[kK]?[vV])?(?P<rest>(?:[^0-9,.].*)?)$"
LATER = r"(?:^|[0-9 /])(?P<unit>[kK]?[vV])(?:[^A-Za-z]|$)"
"""The unit of a voltage that stands behind a second one, as in ``120/240 V``."""
MOST_KV = 1200.0
"""No system has a higher voltage [kV]; a larger number is in volts."""
LARGEST = 1e15
"""No number of an asset is larger."""
DAY = "%Y-%m-%d"
YES = ("1", "y", "yes", "true", "t", "closed", "c")
NO = ("0", "n", "no", "false", "f", "open", "o")


@dataclass
class Fields:
    """The rows of one class in one layer as columns by field, and what became of each column.

    ``bad`` holds cells that cannot be read: row, field, value; ``used`` the columns behind each field; ``cut`` those
    found by a name that the container has cut off, with the full name.
    """

    columns: dict[str, pa.Array] = field(default_factory=dict)
    used: dict[str, tuple[str, ...]] = field(default_factory=dict)
    bad: list[tuple[int, str, str]] = field(default_factory=list)
    cut: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, count: int) -> pa.Array:
        """A field as text, null where it is not stated."""
        found = self.columns.get(name)
        return pa.nulls(count, pa.string()) if found is None else found

    def number(self, name: str, count: int) -> npt.NDArray[np.float64]:
        """A field as numbers, nan where it is not stated."""
        found = self.columns.get(name)
        return np.full(count, np.nan) if found is None else found.to_numpy(zero_copy_only=False)


def fields(table: pa.Table, plan: Plan, words: Words, cut: bool) -> Fields:
    """The fields of one class from the columns of a layer; ``cut`` says that names may be cut to ten characters."""
    made = Fields()
    for name, rule in plan.rules.items():
        found = {w: c for w in rule.names if (c := place(table.column_names, w, cut)) is not None}
        if not found:
            continue
        if rule.how == "first":
            found = dict([next(iter(found.items()))])
        made.used[name] = tuple(found.values())
        made.cut |= {c: w for w, c in found.items() if len(c) < len(w)}
        made.columns[name] = _field(table, name, rule, list(found.values()), plan, words, made.bad)
    for name, value in plan.known.items():
        if name not in made.columns:
            made.columns[name] = pa.array([value] * table.num_rows, pa.string())
    return made


def taken(table: pa.Table, plan: Plan, cut: bool) -> tuple[npt.NDArray[np.bool_], dict[str, int]]:
    """The rows of a layer that are of the class and count, and how many each column of ``keep`` leaves out."""
    mask = np.ones(table.num_rows, bool)
    for wanted, values in plan.where.items():
        column = place(table.column_names, wanted, cut)
        mask &= False if column is None else _among(table[column], values)
    left: dict[str, int] = {}
    for wanted, values in plan.keep.items():
        if (column := place(table.column_names, wanted, cut)) is not None:
            blank = pc.is_null(text(table[column])).to_numpy(zero_copy_only=False)
            good = _among(table[column], values) | blank
            left[column] = int((mask & ~good).sum())
            mask &= good
    return mask, {c: n for c, n in left.items() if n}


def _among(column: pa.ChunkedArray, values: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    folded = pc.utf8_lower(text(column))
    found: npt.NDArray[np.bool_] = pc.is_in(folded, pa.array(values, pa.string())).to_numpy(zero_copy_only=False)
    return found


def text(column: pa.ChunkedArray | pa.Array, nothing: frozenset[str] = frozenset()) -> pa.Array:
    """A column as text without blanks around; blank is null, and so are the words for nothing."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_floating(array.type):
        whole = pc.all(pc.equal(array, pc.floor(array))).as_py() is not False
        safe = whole and (pc.max(pc.abs(array)).as_py() or 0) < 1e15
        array = array.cast(pa.int64()) if safe else array
    elif pa.types.is_boolean(array.type):
        array = array.cast(pa.int8())
    elif pa.types.is_timestamp(array.type):
        array = pc.strftime(array, format=DAY)
    elif pa.types.is_binary(array.type) or pa.types.is_nested(array.type):
        return pa.nulls(len(array), pa.string())
    plain = pc.utf8_trim_whitespace(array.cast(pa.string()))
    empty = pc.is_in(plain, pa.array(["", *sorted(nothing)], pa.string()))
    return pc.if_else(empty, pa.scalar(None, pa.string()), plain)


def _field(
    table: pa.Table,
    name: str,
    rule: Rule,
    columns: list[str],
    plan: Plan,
    words: Words,
    bad: list[tuple[int, str, str]],
) -> pa.Array:
    """One field of one or several columns."""
    raw = [table[c].combine_chunks() for c in columns]
    if rule.how == "sum":
        parts = [np.nan_to_num(_numbers(text(r), name, bad)) for r in raw]
        return pa.array(np.sum(parts, axis=0))
    nothing = words.nothing if name not in NUMBERS | LENGTHS | FLAGS | VOLTAGES else frozenset()
    plain = text(raw[0], nothing)
    if rule.how == "join":
        # Arrow leaves a row out where every part is null; the empty text in front keeps it.
        plain = text(pc.binary_join_element_wise("", *[text(r, nothing) for r in raw], " ", null_handling="skip"))
    if name in DAYS:
        return _days(raw[0], plain, words.units.get("date", DAY), bad, name)
    plain = _decoded(plain, plan.codes.get(name), name, bad)
    if name in PHASES:
        return _phases(plain, name, bad)
    if name in FLAGS:
        return _flags(plain, name, bad)
    if name in VOLTAGES:
        return pa.array(_volts(plain, name, bad), from_pandas=True)
    if name in NUMBERS | LENGTHS:
        scale = (words.metre or 1.0) if name in LENGTHS else 1.0
        return pa.array(_numbers(plain, name, bad) * scale, from_pandas=True)
    return plain


def _lost(plain: pa.Array, good: pa.Array, name: str, bad: list[tuple[int, str, str]]) -> None:
    """Note the cells that state something which is not good."""
    mask = pc.and_(pc.is_valid(plain), pc.invert(pc.fill_null(good, False)))
    rows = np.flatnonzero(mask.to_numpy(zero_copy_only=False))
    bad += [(int(r), name, v) for r, v in zip(rows, plain.take(pa.array(rows)).to_pylist(), strict=True)]


def _numbers(plain: pa.Array, name: str, bad: list[tuple[int, str, str]]) -> npt.NDArray[np.float64]:
    good = pc.match_substring_regex(plain, NUMBER)
    found = pc.if_else(good, plain, pa.scalar(None, pa.string())).cast(pa.float64())
    small = pc.and_(pc.is_valid(found), pc.less(pc.abs(found), LARGEST))
    _lost(plain, small, name, bad)
    values: npt.NDArray[np.float64] = pc.if_else(small, found, None).to_numpy(zero_copy_only=False).astype(float)
    return values


def _volts(plain: pa.Array, name: str, bad: list[tuple[int, str, str]]) -> npt.NDArray[np.float64]:
    """Voltages [kV]: a number is in kV, text may state V or kV; of several (``13.8 kV / 7.97 kV``) the first counts."""
    parts = pc.extract_regex(plain, VOLTAGE)
    values = pc.cast(pc.struct_field(parts, "value"), pa.float64()).to_numpy(zero_copy_only=False).astype(float)
    later = pc.struct_field(pc.extract_regex(pc.struct_field(parts, "rest"), LATER), "unit")
    unit = pc.struct_field(parts, "unit")
    unit = pc.utf8_lower(pc.if_else(pc.equal(pc.utf8_length(unit), 0), later, unit))
    volts = pc.fill_null(pc.equal(unit, "v"), False).to_numpy(zero_copy_only=False)
    found: npt.NDArray[np.float64] = np.where(volts, values / 1000.0, values)
    good = found <= MOST_KV
    _lost(plain, pa.array(good), name, bad)
    found[~good] = np.nan
    return found


def _decoded(plain: pa.Array, codes: Mapping[str, str] | None, name: str, bad: list[tuple[int, str, str]]) -> pa.Array:
    """Codes as what they mean; a code that the table does not know cannot be read."""
    if not codes:
        return plain
    known = pa.array(list(codes), pa.string())
    at = pc.index_in(pc.utf8_lower(plain), known)
    _lost(plain, pc.is_valid(at), name, bad)
    return text(pa.array(list(codes.values()), pa.string()).take(at))


def _phases(plain: pa.Array, name: str, bad: list[tuple[int, str, str]]) -> pa.Array:
    """Phases as letters in the order A, B, C; a neutral (N) is left out."""
    words = plain.dictionary_encode()
    known = [_letters(w) for w in words.dictionary.to_pylist()]
    found = pa.array(known, pa.string()).take(words.indices)
    _lost(plain, pc.is_valid(found), name, bad)
    return text(found)


def _letters(word: str) -> str | None:
    folded = word.upper().replace(" ", "").replace(",", "").replace("-", "")
    if not folded or set(folded) - set("ABCN") or len(set(folded)) < len(folded):
        return None
    return "".join(p for p in "ABC" if p in folded)


def _flags(plain: pa.Array, name: str, bad: list[tuple[int, str, str]]) -> pa.Array:
    folded = pc.utf8_lower(plain)
    yes, no = (pc.is_in(folded, pa.array(words, pa.string())) for words in (YES, NO))
    _lost(plain, pc.or_(yes, no), name, bad)
    return pc.if_else(yes, True, pc.if_else(no, False, pa.scalar(None, pa.bool_())))


def _days(raw: pa.Array, plain: pa.Array, form: str, bad: list[tuple[int, str, str]], name: str) -> pa.Array:
    if pa.types.is_date(raw.type) or pa.types.is_timestamp(raw.type):
        return raw.cast(pa.date32(), safe=False)
    short = pc.utf8_slice_codeunits(pc.replace_substring(plain, "/", "-"), 0, 10) if form == DAY else plain
    found = pc.strptime(short, format=form, unit="s", error_is_null=True)
    same = pc.equal(pc.strftime(found, format=form), short)
    _lost(plain, same, name, bad)
    return pc.if_else(pc.fill_null(same, False), found, None).cast(pa.date32(), safe=False)
