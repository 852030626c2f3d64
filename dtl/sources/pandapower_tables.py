"""The tables of a pandapower JSON file, of any format version, as records; nothing in the file is ever imported or run.

A table is a data frame as JSON, often as text inside the JSON, in one of four orders (``split``, ``columns``,
``index``, ``records``); the oldest files hold bare columns. Names and units of versions before 2.0 (kW,
``vsc_percent``, ``tp_pos``) are found under the present names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dtl.errors import SourceError
from dtl.sources.record import Record, UnusableError

MAX_BYTES = 512 * 2**20
"""Largest file that is read."""
NEWEST = (3, 99)
"""Format versions above are unknown."""

ELEMENTS = {
    "bus", "bus_dc", "line", "line_dc", "trafo", "trafo3w", "switch", "impedance", "dcline", "tcsc", "ext_grid",
    "load", "sgen", "gen", "motor", "ward", "xward", "storage", "shunt", "svc", "ssc", "vsc", "vsc_stacked",
    "vsc_bipolar", "b2b_vsc", "source_dc", "load_dc", "asymmetric_load", "asymmetric_sgen",
}  # fmt: skip
"""Tables of pandapower's elements: one that cannot be read makes the file unreadable, others are set aside."""

_OLD = {
    "max_i_ka": "imax_ka",
    "tap_neutral": "tp_mid",
    "tap_step_percent": "tp_st_percent",
    "tap_step_degree": "tp_st_degree",
    "const_z_p_percent": "const_z_percent",
    "const_z_q_percent": "const_z_percent",
    "const_i_p_percent": "const_i_percent",
    "const_i_q_percent": "const_i_percent",
}
_NOTHING = {"nan", "None", "<NA>"}
"""What pandas makes of a missing value in a column of text."""
_UNITS = (("mvar", "kvar"), ("mva", "kva"), ("mwh", "kwh"), ("mw", "kw"))


class Row(Record):
    """A row of a table; asks for a value under its present name and finds it under an older one too."""

    index: int
    table: str

    def number(self, name: str, default: float | None = None) -> float:
        """As `Record.number`, in the unit of the present name."""
        old, factor = self._old(name)
        if name not in self.values and old in self.values:
            return super().number(old, None if default is None else default / factor) * factor
        return super().number(name, default)

    def ask(self, name: str) -> Any:
        """As `Record.ask`."""
        old, _ = self._old(name)
        return super().ask(old if name not in self.values and old in self.values else name)

    def drop(self, name: str, reason: str) -> None:
        """As `Record.drop`."""
        old, _ = self._old(name)
        super().drop(old if name not in self.values else name, reason)

    @staticmethod
    def _old(name: str) -> tuple[str, float]:
        if name in _OLD:
            return _OLD[name], 1.0
        if name.startswith(("vk_", "vkr_")):
            return re.sub(r"^vk(r?)_", r"vsc\1_", name), 1.0
        if name.startswith("tap_"):
            return name.replace("tap_", "tp_", 1), 1.0
        for new, old in _UNITS:
            if name.endswith(f"_{new}"):
                return name.removesuffix(new) + old, 1e-3
        return name, 1.0


@dataclass
class Net:
    """A file: its tables by name, its scalars, and what else it holds."""

    file: str
    version: tuple[int, ...] = ()
    frequency_hz: float = 50.0
    tables: dict[str, list[Row]] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    """What is no table: name and text."""
    repeated: list[Row] = field(default_factory=list)
    """Rows whose index stands twice in their table."""

    _index: dict[str, dict[int, Row]] = field(default_factory=dict)

    def rows(self, table: str) -> list[Row]:
        """The rows of a table, none where there is no such table."""
        return self.tables.get(table, [])

    def row(self, table: str, index: int) -> Row | None:
        """The row of a table with an index."""
        if table not in self._index:
            self._index[table] = {r.index: r for r in self.rows(table)}
        return self._index[table].get(index)


def load(name: str, path: Path) -> Net:
    """The tables of a file.

    Raises
    ------
    SourceError
        The file is too large, no JSON, or no pandapower network of a known version.
    """
    if path.stat().st_size > MAX_BYTES:
        raise SourceError(f"is larger than {MAX_BYTES // 2**20} MiB")
    body = _parsed(path.read_bytes())
    body = body.get("_object", body) if isinstance(body, dict) else body
    body = _parsed(body) if isinstance(body, str) else body
    if not isinstance(body, dict) or "bus" not in body:
        raise SourceError("is no pandapower network: it has no table `bus`")
    net = Net(name, version=_version(body), frequency_hz=_frequency(body))
    for key in sorted(body):
        if key in ("version", "format_version", "f_hz"):
            continue
        table = _frame(key, body[key])
        if table is None:
            if key in ELEMENTS and body[key]:
                case = "; a case of PYPOWER or MATPOWER is converted by pandapower first" if "baseMVA" in body else ""
                raise SourceError(f"is no pandapower network: `{key}` is no data frame{case}")
            net.others[key] = _told(body[key])
            continue
        seen: set[int] = set()
        net.tables[key] = []
        for index, values in table:
            row = Row(f"{key} {index}", name, values)
            row.index, row.table = index, key
            (net.repeated if index in seen else net.tables[key]).append(row)
            seen.add(index)
    return net


def _parsed(text: bytes | str, what: str = "") -> Any:
    try:
        return json.loads(text, parse_constant=lambda word: None)
    except RecursionError as err:
        raise SourceError(f"{what}is nested too deeply") from err
    except ValueError as err:
        raise SourceError(f"{what}is no JSON: {err}") from err


def _version(body: dict[str, Any]) -> tuple[int, ...]:
    stated = _scalar(body, "format_version") or _scalar(body, "version")
    found = re.match(r"\s*(\d{1,4})(?:\.(\d{1,4}))?", str(stated if stated is not None else ""))
    if found is None:
        raise SourceError("says no version in `format_version` or `version`")
    version = tuple(int(p or 0) for p in found.groups())
    if version > NEWEST:
        raise SourceError(f"has the format version {stated}, which is newer than this reader")
    return version


def _scalar(body: dict[str, Any], name: str) -> Any:
    """A value of the whole network; versions 1.4 and 1.5 keep these in a table of parameters."""
    if name in body:
        return _plain(body[name])
    table = body.get("parameters")
    column = table.get("parameter") if isinstance(table, dict) else None
    return _plain(column.get(name)) if isinstance(column, dict) else None


def _frequency(body: dict[str, Any]) -> float:
    value = _scalar(body, "f_hz")
    value = 50.0 if value is None else value
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1.0 <= value <= 1000.0:
        raise SourceError(f"f_hz is no frequency: {str(value)[:40]}")
    return float(value)


def _frame(key: str, value: Any) -> Iterator[tuple[int, dict[str, Any]]] | None:
    """The rows of a table with their index; None for what is no table of numbered rows.

    Raises
    ------
    SourceError
        The table is one of `ELEMENTS` and cannot be read.
    """
    if not isinstance(value, dict):
        return None
    if "_class" in value:
        if value["_class"] not in ("DataFrame", "GeoDataFrame"):
            return None
        inner = value.get("_object")
        inner = _parsed(inner, f"the table {key} ") if isinstance(inner, str) else inner
        order = value.get("orient") or _order(inner)
    elif value and all(isinstance(column, dict) for column in value.values()) and key != "std_types":
        inner, order = value, "columns"
    else:
        return None
    try:
        return iter(list(_rows(inner, str(order))))
    except (TypeError, ValueError, KeyError, AttributeError) as err:
        if key not in ELEMENTS:
            return None
        raise SourceError(f"the table {key} cannot be read in the order {order}") from err


def _order(inner: Any) -> str:
    if isinstance(inner, list):
        return "records"
    return "split" if isinstance(inner, dict) and {"columns", "data"} <= inner.keys() else "columns"


def _rows(inner: Any, order: str) -> Iterator[tuple[int, dict[str, Any]]]:
    if order == "split":
        columns = [str(c) for c in inner["columns"]]
        if len(set(columns)) != len(columns):
            raise ValueError("a column stands twice")
        for index, cells in zip(inner["index"], inner["data"], strict=True):
            yield int(index), dict(zip(columns, map(_plain, cells), strict=True))
    elif order == "records":
        for n, cells in enumerate(inner):
            yield int(cells.get("index", n)), {str(c): _plain(v) for c, v in cells.items() if c != "index"}
    elif order == "index":
        for index, cells in inner.items():
            yield int(index), {str(c): _plain(v) for c, v in cells.items()}
    elif order == "columns":
        indices = {i: None for cells in inner.values() for i in cells}
        for index in indices:
            yield int(index), {str(c): _plain(cells.get(index)) for c, cells in inner.items()}
    else:
        raise ValueError(f"the order {order} is unknown")


def _plain(value: Any) -> Any:
    """A value without the class that was noted beside it; None where the table has none."""
    for _ in range(8):
        if not (isinstance(value, dict) and "_object" in value):
            break
        value = value["_object"]
    missing = value != value if isinstance(value, float) else isinstance(value, str) and value in _NOTHING
    return None if missing else value


def _told(value: Any) -> str:
    if isinstance(value, dict) and "_class" not in value:
        return f"{len(value)} entries"
    value = _plain(value)
    return f"{len(value)} entries" if isinstance(value, dict | list) else str(value)[:80]


def place_of(row: Row) -> list[tuple[float, float]]:
    """The coordinates in the column ``geo``: one of a point, several of a line; none where nothing is stated.

    Raises
    ------
    UnusableError
        The column holds something else.
    """
    geo = row.ask("geo")
    if geo in (None, ""):
        return []
    try:
        found = json.loads(geo) if isinstance(geo, str) else geo
        points = found["coordinates"]
        points = [points] if found["type"] == "Point" else points
        return [(_real(p[0]), _real(p[1])) for p in points]
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as err:
        text = "is no point or line in GeoJSON"
        raise UnusableError("source.bad-value", text, "geo", geo, "Correct the coordinates.") from err


def _real(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e9 < value < 1e9:
        raise ValueError(value)
    return float(value)
