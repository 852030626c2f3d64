"""The tables that stages exchange: their columns, types, units and keys, and byte-stable Parquet.

Every table is checked when written and when read. A file holds float32 or float64 as its contract says, is sorted by
its key, compressed with zstd, and carries no time, host or path, so the same rows give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dtl.errors import ContractError

TEXT = pa.string()
WORD = pa.dictionary(pa.int32(), pa.string())
INT = pa.int32()
REAL = pa.float32()
FINE = pa.float64()
FLAG = pa.bool_()
DAY = pa.date32()
MOMENT = pa.timestamp("s", tz="UTC")
SERIES = pa.list_(pa.float32())


@dataclass(frozen=True)
class Column:
    """One column: its name (with the unit), type and meaning; ``null`` says whether a value may be missing."""

    name: str
    type: pa.DataType
    meaning: str
    null: bool = False


@dataclass(frozen=True)
class Table:
    """The contract of one table; ``key`` names the columns that identify a row and order the file."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema, without metadata."""
        return pa.schema([pa.field(c.name, c.type, nullable=c.null) for c in self.columns])


CASE = (
    Column("feeder", WORD, "feeder id"),
    Column("scenario", WORD, "scenario name"),
    Column("year", INT, "year solved; 0 where the study plans no years"),
    Column("case", WORD, "scenario@year, or the scenario alone where the study plans no years"),
)
"""The columns that open every table of results."""

ELEMENT = (
    Column("kind", WORD, "bus | line | switch | transformer | head"),
    Column("element", TEXT, "name of the element in its feeder"),
)

_ALL = (
    Table(
        "network",
        (
            Column("feeder", WORD, "feeder id"),
            Column("kind", WORD, "class of dtl.network.feeder, in lower case: bus, line, transformer, line_code, ..."),
            Column("name", TEXT, "name of the part, unique within feeder and kind"),
            Column("body", TEXT, "the part as canonical JSON"),
        ),
        ("feeder", "kind", "name"),
    ),
    Table(
        "conversion",
        (
            Column("source", WORD, "name of the source in the study"),
            Column("feeder", WORD, "feeder id, empty for what belongs to no feeder"),
            Column("object", TEXT, "class and id of the object in its source, e.g. `[SECTION] 632-645`"),
            Column("property", TEXT, "property of the object; empty for the object itself"),
            Column("verdict", WORD, "mapped | defaulted | refused"),
            Column("target", TEXT, "where it went: class, name and field of the model; empty when refused"),
            Column("value", TEXT, "the value in the source, as text"),
            Column("reason", TEXT, "why it was defaulted or refused; empty when mapped"),
        ),
        ("source", "feeder", "object", "property"),
    ),
    Table(
        "findings",
        (
            Column("source", WORD, "name of the source in the study; empty for the network as a whole"),
            Column("feeder", WORD, "feeder id, empty when it belongs to a whole source"),
            Column("check", WORD, "slug, explained in the page of errors"),
            Column("severity", WORD, "error | warning | info"),
            Column("file", TEXT, "file as the study names it"),
            Column("line", INT, "line in the file", null=True),
            Column("element", TEXT, "class and name of the element"),
            Column("field", TEXT, "field of the element"),
            Column("value", TEXT, "what stood there"),
            Column("message", TEXT, "what is wrong"),
            Column("remedy", TEXT, "how to mend it"),
        ),
        ("source", "feeder", "severity", "check", "file", "line", "element", "field", "value", "message"),
    ),
    Table(
        "outages",
        (
            Column("source", WORD, "name of the source in the study"),
            Column("outage", TEXT, "id of the interruption in its source"),
            Column("feeder", WORD, "feeder id of the model; the source's own name where the model has none; or empty"),
            Column("feeder_alias", TEXT, "the feeder by the declared alias rule; empty if the same"),
            Column("feeder_link", WORD, "exact | alias | device (that of its device) | none"),
            Column("device", TEXT, "device that opened, as the source names it"),
            Column("device_alias", TEXT, "the device by the declared alias rule; empty if the same"),
            Column("kind", WORD, "kind of the linked element of the model; empty without a link"),
            Column("element", TEXT, "name of the linked element; empty without a link"),
            Column("device_link", WORD, "exact | alias | elsewhere (on another feeder) | none; empty without a device"),
            Column("day", DAY, "day of the start, local civil time"),
            Column("start", MOMENT, "when the interruption began"),
            Column("end", MOMENT, "when the last customer was back"),
            Column("customers", INT, "customers interrupted, for however short"),
            Column("customer_minutes", FINE, "customers x minutes of every restoration step [min]"),
            Column("customer_minutes_stated", FINE, "customer minutes as the source states them [min]", null=True),
            Column("kva", FINE, "connected load interrupted [kVA]", null=True),
            Column("cause", WORD, "cause of the normalized set: equipment, lightning, ..., unknown"),
            Column("cause_stated", TEXT, "cause and subcause in the source's words"),
            Column("planned", FLAG, "whether the source calls it planned", null=True),
            Column("major", FLAG, "whether the source flags a major event", null=True),
            Column("file", TEXT, "file as the study names it"),
            Column("line", INT, "line or row in the file"),
            Column("refused", TEXT, "why it is not counted; empty where it is"),
        ),
        ("source", "outage"),
    ),
    Table(
        "steps",
        (
            Column("source", WORD, "name of the source in the study"),
            Column("outage", TEXT, "id of the interruption"),
            Column("step", INT, "number of the restoration step, from 1, in the order of time"),
            Column("end", MOMENT, "when these customers were back"),
            Column("customers", INT, "customers restored by this step"),
            Column("customer", TEXT, "the customer, where the source names each; empty otherwise"),
        ),
        ("source", "outage", "step"),
    ),
    Table(
        "served",
        (
            Column("feeder", WORD, "feeder id"),
            Column("year", INT, "year; 0 for every year that is not stated"),
            Column("customers", FINE, "average number of customers served"),
            Column("kva", FINE, "connected load served [kVA]", null=True),
            Column("basis", TEXT, "where the number comes from"),
        ),
        ("feeder", "year"),
    ),
    Table(
        "demand",
        (
            Column("feeder", WORD, "feeder id"),
            Column("load", TEXT, "name of the load in the feeder"),
            Column("bus", TEXT, "bus"),
            Column("customer_class", WORD, "residential | commercial | industrial | ..."),
            Column("customers", INT, "number of customers"),
            Column("kw", FINE, "active power by which kw_profile is multiplied [kW]"),
            Column("kvar", FINE, "reactive power by which kvar_profile is multiplied [kvar]"),
            Column("kw_profile", WORD, "id in the table profiles"),
            Column("kvar_profile", WORD, "id in the table profiles"),
            Column("basis", WORD, "where it comes from: model_loads | class_shapes | ..."),
        ),
        ("feeder", "load"),
    ),
    Table(
        "profiles",
        (
            Column("profile", TEXT, "id"),
            Column("values", SERIES, "8,760 x steps per hour values per unit, in local standard time, interval start"),
        ),
        ("profile",),
    ),
    Table(
        "powerflow",
        CASE
        + ELEMENT
        + (
            Column("phase", WORD, "A | B | C | N | 1 | 2 ...; empty for the worst or the sum of all phases"),
            Column("kv_ll", REAL, "nominal voltage, line to line [kV]"),
            Column("rating", FINE, "rating in force in the hour of the highest loading [A or kVA]", null=True),
            Column("rating_unit", WORD, "A | kVA; empty without a rating"),
            Column("max_load_pct", REAL, "highest loading, per cent of the rating in force", null=True),
            Column("max_load_hour", INT, "hour of it, 0 to 8759", null=True),
            Column("max_a", REAL, "highest current [A]", null=True),
            Column("max_kva", REAL, "highest apparent power [kVA]", null=True),
            Column("hours_over", REAL, "hours above the limit of the study", null=True),
            Column("hours_over_emergency", REAL, "hours above the emergency rating", null=True),
            Column("kwh_over", REAL, "energy above the limit [kWh, at the power factor of the hour]", null=True),
            Column("window_h", REAL, "length of the moving window [h]", null=True),
            Column("window_max_pct", REAL, "highest mean loading over the window", null=True),
            Column("window_hours_over", REAL, "hours in which the window's mean is above the limit", null=True),
            Column("kwh", REAL, "energy through the element, in the direction away from the head [kWh]", null=True),
            Column("reverse_hours", REAL, "hours with power towards the head", null=True),
            Column("reverse_kwh", REAL, "energy towards the head [kWh]", null=True),
            Column("loss_kwh", REAL, "losses [kWh]", null=True),
            Column("min_pu", REAL, "lowest voltage", null=True),
            Column("min_hour", INT, "hour of it", null=True),
            Column("max_pu", REAL, "highest voltage", null=True),
            Column("max_hour", INT, "hour of it", null=True),
            Column("mean_pu", REAL, "mean voltage", null=True),
            Column("hours_low", REAL, "hours below the lower limit", null=True),
            Column("hours_high", REAL, "hours above the upper limit", null=True),
            Column("worst_pu", REAL, "voltage in the feeder's worst hour, for the profile", null=True),
            Column("distance_km", REAL, "distance from the head along the network [km]", null=True),
        ),
        ("feeder", "case", "kind", "element", "phase"),
    ),
    Table(
        "hourly",
        CASE
        + (
            Column("hour", INT, "0 to 8759, local standard time, interval start"),
            Column("source_kw", FINE, "power from the source [kW]"),
            Column("source_kvar", FINE, "reactive power from the source [kvar]"),
            Column("load_kw", FINE, "power taken by all loads [kW]"),
            Column("load_kvar", FINE, "reactive power taken by all loads [kvar]"),
            Column("generation_kw", FINE, "power given by all generators [kW]"),
            Column("loss_kw", FINE, "all losses [kW]"),
            Column("loss_line_kw", REAL, "losses of lines and switches [kW]"),
            Column("loss_transformer_kw", REAL, "load losses of transformers and regulators [kW]"),
            Column("loss_no_load_kw", REAL, "no-load losses of transformers and regulators [kW]"),
            Column("loss_other_kw", REAL, "losses of all other elements: capacitors, reactors, the source [kW]"),
            Column("min_pu", REAL, "lowest voltage"),
            Column("max_pu", REAL, "highest voltage"),
            Column("max_load_pct", REAL, "highest loading; missing when nothing has a rating", null=True),
            Column("tap_changes", INT, "tap steps taken in this hour"),
            Column("control_iterations", INT, "control iterations of this hour"),
        ),
        ("feeder", "case", "hour"),
    ),
    Table(
        "violations",
        CASE
        + ELEMENT
        + (
            Column("phase", WORD, "as in powerflow"),
            Column("violation", WORD, "thermal | emergency | voltage_low | voltage_high | reverse"),
            Column("hour", INT, "0 to 8759"),
            Column("value", REAL, "loading [per cent] or voltage [pu]"),
            Column("limit", REAL, "the limit it broke, in the same unit"),
        ),
        ("feeder", "case", "violation", "kind", "element", "phase", "hour"),
    ),
    Table(
        "assess",
        CASE
        + (
            Column("analysis", WORD, "thermal | voltage | losses | ..."),
            Column("metric", WORD, "name with its unit, from the list in dtl.analyses.metrics"),
            Column("kind", WORD, "kind of the element; empty for the feeder as a whole"),
            Column("element", TEXT, "element; empty for the feeder as a whole"),
            Column("value", FINE, "the number", null=True),
            Column("text", TEXT, "what is not a number: the worst element's name, a reason"),
            Column("hour", INT, "hour it belongs to", null=True),
            Column("limit", FINE, "limit it was judged by", null=True),
            Column("rule", TEXT, "standard, edition and clause of the limit; empty without one"),
        ),
        ("feeder", "case", "analysis", "metric", "kind", "element"),
    ),
    Table(
        "cube",
        (
            Column("level", WORD, "study | feeder | element"),
            Column("feeder", WORD, "feeder id; empty for the study"),
            Column("scenario", WORD, "scenario name; empty for what holds for all"),
            Column("year", INT, "year; 0 without planned years, and for what holds for all years"),
            Column("case", WORD, "case; empty for what holds for all"),
            Column("analysis", WORD, "analysis, or `study` for counts and inputs"),
            Column("metric", WORD, "name with its unit"),
            Column("kind", WORD, "kind of the element; empty otherwise"),
            Column("element", TEXT, "element; empty otherwise"),
            Column("value", FINE, "the number", null=True),
            Column("text", TEXT, "what is not a number"),
            Column("hour", INT, "hour it belongs to", null=True),
            Column("limit", FINE, "limit it was judged by", null=True),
            Column("rule", TEXT, "standard, edition and clause of the limit; empty without one"),
        ),
        ("level", "feeder", "case", "year", "analysis", "metric", "kind", "element"),
    ),
)

TABLES: Mapping[str, Table] = {t.name: t for t in _ALL}
"""The contracts by name."""


def frame(name: str, rows: Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Any]]) -> pa.Table:
    """An Arrow table that keeps the contract `name`, from rows or from columns.

    Raises
    ------
    ContractError
        A column is missing, foreign, of another type, or empty where it must not be; or a key occurs twice.
    """
    contract = TABLES[name]
    if isinstance(rows, Mapping):
        columns = rows
    else:
        foreign = {k for r in rows for k in r} - {c.name for c in contract.columns}
        if foreign:
            raise ContractError(f"table {name}: unknown columns {sorted(foreign)}")
        columns = {c.name: [r.get(c.name) for r in rows] for c in contract.columns}
    arrays = []
    for column in contract.columns:
        if column.name not in columns:
            if not column.null:
                raise ContractError(f"table {name}: column {column.name} is missing")
            length = len(next(iter(columns.values())))
            arrays.append(pa.nulls(length, column.type))
            continue
        arrays.append(_array(name, column, columns[column.name]))
    foreign = set(columns) - {c.name for c in contract.columns}
    if foreign:
        raise ContractError(f"table {name}: unknown columns {sorted(foreign)}")
    return check(name, pa.Table.from_arrays(arrays, schema=contract.schema))


def _array(name: str, column: Column, values: Any) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    try:
        if column.type == WORD:
            plain = values if isinstance(values, pa.Array) else pa.array(values)
            return (
                pc.cast(plain, WORD) if pa.types.is_dictionary(plain.type) else pc.cast(plain, TEXT).dictionary_encode()
            )
        array = values if isinstance(values, pa.Array) else pa.array(values, from_pandas=True)
        return array.cast(column.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as err:
        raise ContractError(f"table {name}: column {column.name} is not {column.type}: {err}") from err


def check(name: str, table: pa.Table) -> pa.Table:
    """The table sorted by its key, after its contract held; raises ContractError otherwise."""
    contract = TABLES[name]
    if not table.schema.equals(contract.schema, check_metadata=False):
        raise ContractError(f"table {name}: its columns are\n{table.schema}\nand must be\n{contract.schema}")
    for column in contract.columns:
        if not column.null and table[column.name].null_count:
            raise ContractError(f"table {name}: column {column.name} has empty values")
    if table.num_rows == 0:
        return table
    plain = table.select(list(contract.key))
    for i, key in enumerate(contract.key):
        if plain.schema.field(key).type == WORD:
            plain = plain.set_column(i, key, plain[key].cast(TEXT))
    order = pc.sort_indices(plain, sort_keys=[(k, "ascending") for k in contract.key])
    plain = plain.take(order)
    distinct = plain.group_by(list(contract.key)).aggregate([]).num_rows
    if distinct != table.num_rows:
        raise ContractError(f"table {name}: {table.num_rows - distinct} rows repeat a key {contract.key}")
    return table.take(order)


def write(name: str, table: pa.Table, path: Path) -> None:
    """Check the table and write it; the same rows give the same bytes."""
    table = check(name, table)
    columns = []
    for field in table.schema:
        column = table[field.name]
        if field.type == WORD:
            column = column.cast(TEXT).combine_chunks().dictionary_encode()
        columns.append(column)
    metadata = {"dtl.table": name} | {f"dtl.{c.name}": c.meaning for c in TABLES[name].columns}
    table = pa.Table.from_arrays(columns, schema=table.schema.with_metadata(metadata))
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", store_schema=True, write_statistics=True)


def read(name: str, path: Path, columns: Sequence[str] | None = None, **equal: str) -> pa.Table:
    """The table of a file, checked; `columns` selects, and `equal` keeps the rows whose column has that text."""
    contract = TABLES[name]
    filters = [(k, "==", v) for k, v in equal.items()] or None
    table = pq.read_table(path, columns=None if columns is None else list(columns), filters=filters)
    schema = contract.schema if columns is None else pa.schema([contract.schema.field(c) for c in columns])
    if table.schema.names != schema.names:
        raise ContractError(f"{path}: is no table {name}: it has the columns {table.schema.names}")
    return table.cast(schema)


def concat(name: str, tables: Sequence[pa.Table]) -> pa.Table:
    """Several tables of one contract as one, sorted by its key."""
    if not tables:
        return TABLES[name].schema.empty_table()
    joined = pa.concat_tables([t.cast(TABLES[name].schema) for t in tables])
    return check(name, joined.unify_dictionaries().combine_chunks())
