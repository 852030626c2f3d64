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

from dtl.plural import many
from dtl.sources import gis_codes as codes
from dtl.sources.gis_text import DAY, VOID, text, whole
from dtl.sources.gis_words import (
    DAYS,
    FLAGS,
    LENGTHS,
    NUMBERS,
    PHASES,
    POLES,
    VOLTAGES,
    Plan,
    Rule,
    Words,
    alike,
    place,
)

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"
LATER = r"(?:^|[0-9 /])(?P<unit>[kK]?[vV])(?:[^A-Za-z]|$)"
"""The unit of a voltage that stands behind a second one, as in ``120/240 V``."""
MOST_KV = 1200.0
"""No system has a higher voltage [kV]; a larger number is in volts."""
LARGEST = 1e15
"""No number of an asset is larger."""
LOW_KV = 100.0
"""No low side of a transformer of distribution has a higher voltage [kV]."""
LEAST_V = 50.0
"""A number below it, where others are in volts, is of neither unit for certain."""


@dataclass
class Fields:
    """The rows of one class in one layer as columns by field, and what became of each column.

    ``bad`` holds cells that cannot be read: row, field, value; ``used`` the columns behind each field; ``cut`` those
    found by a name that the container has cut off, with the full name; ``noted`` what was taken for granted: check,
    column and what is said of it.
    """

    columns: dict[str, pa.Array] = field(default_factory=dict)
    used: dict[str, tuple[str, ...]] = field(default_factory=dict)
    bad: list[tuple[int, str, str]] = field(default_factory=list)
    cut: dict[str, str] = field(default_factory=dict)
    noted: list[tuple[str, str, str]] = field(default_factory=list)

    def text(self, name: str, count: int) -> pa.Array:
        """A field as text, null where it is not stated."""
        found = self.columns.get(name)
        return pa.nulls(count, pa.string()) if found is None else found

    def number(self, name: str, count: int) -> npt.NDArray[np.float64]:
        """A field as numbers, nan where it is not stated."""
        found = self.columns.get(name)
        return np.full(count, np.nan) if found is None else found.to_numpy(zero_copy_only=False)


Said = Mapping[str, pa.Array]
"""What the domains of a file say of the codes in a column, null where nothing, by column."""


def fields(table: pa.Table, plan: Plan, words: Words, cut: bool, said: Said) -> Fields:
    """The fields of one class from the columns of a layer; ``cut`` says that names may be cut to ten characters."""
    made = Fields()
    for name, rule in plan.rules.items():
        # names by pole are alike until their last letter, so one that is cut could be any of them
        may_be_cut = cut and name not in POLES
        found = {w: c for w in rule.names if (c := place(table.column_names, w, may_be_cut)) is not None}
        if not found:
            continue
        if rule.how == "first":
            found = dict([next(iter(found.items()))])
        made.used[name] = tuple(found.values())
        made.cut |= {c: w for w, c in found.items() if len(c) < len(w)}
        for w, c in found.items():
            if len(c) < len(w) and (others := ", ".join(alike(table.column_names, c))):
                made.noted.append(("gis.cut-name", c, f"is taken for {w}, and {others} may be it too"))
        made.columns[name] = _Field(name, plan, words, made, said).of(table, rule, list(found.values()))
    for name, value in plan.known.items():
        if name not in made.columns:
            made.columns[name] = pa.array([value] * table.num_rows, pa.string())
    _poles(made, table.num_rows)
    return made


def _poles(made: Fields, count: int) -> None:
    """Whether a device is closed, by the poles of its phases, where no column holds for all: if one of them is.

    Poles of phases that it does not have say nothing; without phases all do.
    """
    there = {p: made.columns[p] for p in POLES if p in made.columns}
    if not there:
        return
    phases = made.text("phases", count)
    own = {p: pc.or_kleene(pc.match_substring(phases, p[-1].upper()), pc.is_null(phases)) for p in there}
    stated = {p: pc.if_else(pc.fill_null(own[p], True), there[p], None) for p in there}
    any_closed = np.logical_or.reduce([pc.fill_null(s, False) for s in stated.values()])
    any_open = np.logical_or.reduce([pc.invert(pc.fill_null(s, True)) for s in stated.values()])
    whole = made.columns.get("closed", pa.nulls(count, pa.bool_()))
    mixed = any_closed & any_open & pc.is_null(whole).to_numpy(zero_copy_only=False)
    if mixed.any():
        columns = " ".join(made.used[p][0] for p in there)
        made.noted.append(("gis.part-open", columns, f"differ in {many(int(mixed.sum()), 'rows')}, taken for closed"))
    found = pa.array(any_closed, mask=~(any_closed | any_open))
    made.columns["closed"] = pc.coalesce(whole, found)


def taken(table: pa.Table, plan: Plan, cut: bool, said: Said) -> tuple[npt.NDArray[np.bool_], dict[str, int]]:
    """The rows of a layer that are of the class and count, and how many each column of ``keep`` leaves out."""
    mask = np.ones(table.num_rows, bool)
    for wanted, values in plan.where.items():
        column = place(table.column_names, wanted, cut)
        mask &= False if column is None else among(table, column, values, said)
    left: dict[str, int] = {}
    for wanted, values in plan.keep.items():
        if (column := place(table.column_names, wanted, cut)) is not None:
            blank = pc.is_null(text(table[column], VOID)).to_numpy(zero_copy_only=False)
            good = among(table, column, values, said) | blank
            left[column] = int((mask & ~good).sum())
            mask &= good
    return mask, {c: n for c, n in left.items() if n}


def among(table: pa.Table, column: str, values: tuple[str, ...], said: Said) -> npt.NDArray[np.bool_]:
    """Rows whose code, or what it means by its domain, is one of some values."""
    found = np.zeros(table.num_rows, bool)
    for words in (text(table[column]), *([said[column]] if column in said else [])):
        found |= pc.is_in(pc.utf8_lower(whole(words)), pa.array(values, pa.string())).to_numpy(zero_copy_only=False)
    return found


class _Field:
    """Makes one field of a class from the columns of a layer."""

    def __init__(self, name: str, plan: Plan, words: Words, made: Fields, said: Said):
        self.name, self.words, self.made, self.said = name, words, made, said
        of = "closed" if name in POLES else name
        self.codes, self.stated = plan.codes.get(name, plan.codes.get(of, {})), {name, of} & plan.stated != set()
        self.nothing = VOID | (words.nothing if name not in NUMBERS | LENGTHS | FLAGS | VOLTAGES else frozenset())

    def of(self, table: pa.Table, rule: Rule, columns: list[str]) -> pa.Array:
        """The field of one or several columns."""
        name, bad = self.name, self.made.bad
        raw = [table[c].combine_chunks() for c in columns]
        if rule.how == "sum":
            parts = np.array([numbers(self._pointed(text(r, self.nothing), r.type), name, bad) for r in raw])
            return pa.array(np.where(np.isnan(parts).all(axis=0), np.nan, np.nansum(parts, axis=0)), from_pandas=True)
        if name in DAYS:
            return _days(raw[0], text(raw[0], self.nothing), self.words.units.get("date", DAY), bad, name)
        if rule.how == "join":
            # Arrow leaves a row out where every part is null; the empty text in front keeps it.
            several = [self._worded(r, c) for r, c in zip(raw, columns, strict=True)]
            plain = text(pc.binary_join_element_wise("", *several, " ", null_handling="skip"))
        else:
            plain = self._worded(raw[0], columns[0])
        return self._typed(plain, columns[0])

    def _worded(self, raw: pa.Array, column: str) -> pa.Array:
        """A column as text with what its codes mean; what means nothing that can be read is noted, and null."""
        plain = text(raw, self.nothing)
        table = {} if self.name in PHASES and not self.stated and codes.numbered(plain) else self.codes
        if column in self.said:
            numeric = not (pa.types.is_string(raw.type) or pa.types.is_large_string(raw.type))
            found = codes.meant(plain, self.said[column], self.name, table, self.stated, numeric)
            told = pc.binary_join_element_wise(plain, pc.coalesce(self.said[column], "in no domain"), " = ")
        elif table:
            found, told = codes.decoded(plain, table, self.name), plain
        else:
            return self._pointed(plain, raw.type)
        _lost(pc.if_else(pc.is_valid(plain), told, None), pc.is_valid(found), self.name, self.made.bad)
        return text(found)

    def _pointed(self, plain: pa.Array, kind: pa.DataType) -> pa.Array:
        """Numbers in a column of text with the decimal point; one that has both signs keeps none that can be read."""
        numeric = self.name in NUMBERS | LENGTHS | VOLTAGES
        if self.words.decimal != "," or not numeric or not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            return plain
        return pc.replace_substring(pc.replace_substring(plain, ".", "'"), ",", ".")

    def _typed(self, plain: pa.Array, column: str) -> pa.Array:
        """Words as values of the field's type."""
        name, bad = self.name, self.made.bad
        if name in PHASES:
            found, alphabet = codes.phases(plain)
            _lost(plain, pc.is_valid(found), name, bad)
            if alphabet != codes.ALPHABETS[0]:
                self.made.noted.append(("gis.phases", column, f"is written in {alphabet}, taken for A, B, C in order"))
            return text(found)
        if name in FLAGS:
            return _flags(plain, name, bad)
        if name in VOLTAGES:
            return pa.array(self._volts(plain, column), from_pandas=True)
        if name in NUMBERS | LENGTHS:
            scale = (self.words.metre or 1.0) if name in LENGTHS else 1.0
            return pa.array(numbers(codes.amounts(plain, name), name, bad) * scale, from_pandas=True)
        return plain

    def _volts(self, plain: pa.Array, column: str) -> npt.NDArray[np.float64]:
        """Voltages [kV]: text may state V or kV; of several (``13.8 kV / 7.97 kV``) the first counts.

        Numbers without a unit are in that of the study, else in kV, or all in V where one is too high for kV.
        """
        values, unit = _stated(plain)
        bare, declared = unit == "", self.words.units.get("voltage", "")
        highest = float(np.max(values, where=bare & np.isfinite(values), initial=0.0))
        high = highest > MOST_KV or (self.name == "kv_low" and highest >= LOW_KV)
        guessed, note = not declared and high, (column, f"states no unit for numbers up to {highest:g}")
        if guessed:
            self.made.noted.append(("gis.volts", note[0], f"{note[1]}, which are taken to be in V"))
        elif not declared and highest >= LOW_KV:
            self.made.noted.append(("gis.kilovolts", note[0], f"{note[1]}, which are taken to be in kV"))
        unclear = guessed & bare & (values < LEAST_V)
        in_volts = (unit == "v") | (bare & (guessed or declared == "V"))
        found: npt.NDArray[np.float64] = np.where(in_volts, values / 1000.0, values)
        good = (found <= MOST_KV) & ~unclear
        _lost(plain, pa.array(good), self.name, self.made.bad)
        found[~good] = np.nan
        return found


def _lost(plain: pa.Array, good: pa.Array, name: str, bad: list[tuple[int, str, str]]) -> None:
    """Note the cells that state something which is not good."""
    mask = pc.and_(pc.is_valid(plain), pc.invert(pc.fill_null(good, False)))
    rows = np.flatnonzero(mask.to_numpy(zero_copy_only=False))
    bad += [(int(r), name, v) for r, v in zip(rows, plain.take(pa.array(rows)).to_pylist(), strict=True)]


def numbers(plain: pa.Array, name: str, bad: list[tuple[int, str, str]]) -> npt.NDArray[np.float64]:
    """Texts as numbers; nan where none is stated, and where one cannot be read, which is added to ``bad``."""
    good = pc.match_substring_regex(plain, NUMBER)
    found = pc.if_else(good, plain, pa.scalar(None, pa.string())).cast(pa.float64())
    small = pc.and_(pc.is_valid(found), pc.less(pc.abs(found), LARGEST))
    _lost(plain, small, name, bad)
    values: npt.NDArray[np.float64] = pc.if_else(small, found, None).to_numpy(zero_copy_only=False).astype(float)
    return values


def _stated(plain: pa.Array) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.str_]]:
    """The numbers of voltages, and their units as they are written: v, kv or none."""
    parts = pc.extract_regex(plain, codes.VOLTAGE)
    values = pc.cast(pc.struct_field(parts, "value"), pa.float64()).to_numpy(zero_copy_only=False).astype(float)
    later = pc.struct_field(pc.extract_regex(pc.struct_field(parts, "rest"), LATER), "unit")
    unit = pc.struct_field(parts, "unit")
    unit = pc.utf8_lower(pc.if_else(pc.equal(pc.utf8_length(unit), 0), later, unit))
    return values, np.asarray(pc.fill_null(unit, "").to_numpy(zero_copy_only=False), dtype=np.str_)


def _flags(plain: pa.Array, name: str, bad: list[tuple[int, str, str]]) -> pa.Array:
    folded = pc.utf8_lower(whole(plain))
    yes, no = (pc.is_in(folded, pa.array(words, pa.string())) for words in (codes.YES, codes.NO))
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
