"""The two databases: how a relation is made in each, and how a part of it is replaced."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from dtl.errors import StoreError
from dtl.report.publish.relations import RELATIONS, Relation

LEDGER = "published_parts"
"""The relation that says which parts are there, by the digest of the files they were made from."""
OWNER = ("", "study")
"""The line of that relation that says, in the place of a digest, whose study the schema is."""
CHUNK = 100_000
"""Rows that are sent at a time."""

DUCK_TYPES = {
    "string": "VARCHAR",
    "int32": "INTEGER",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "date32[day]": "DATE",
    "timestamp[s, tz=UTC]": "TIMESTAMPTZ",
    "list<item: double>": "DOUBLE[]",
}
POSTGRES_TYPES = {
    "string": "text",
    "int32": "integer",
    "double": "double precision",
    "bool": "boolean",
    "date32[day]": "date",
    "timestamp[s, tz=UTC]": "timestamptz",
    "list<item: double>": "double precision[]",
}
"""Types of the columns by those of Arrow."""


class Target(Protocol):
    """A database that takes parts; each `replace` is one transaction, so that an interrupted run is continued."""

    refusal: type[Exception]
    """What the driver raises where the database refuses."""

    def prepare(self) -> None:
        """Make what is missing of schema, relations and indexes."""

    def known(self) -> dict[tuple[str, str], str]:
        """Digest of every part that is there, by relation and name."""

    def own(self, study: str) -> None:
        """Write down whose schema it is."""

    def replace(self, relation: Relation, part: str, digest: str, rows: pa.Table) -> None:
        """Put rows in the place of those of a part; nothing is changed if it fails."""

    def drop(self, relation: str, part: str) -> None:
        """Remove a part that the study has no longer."""

    def close(self) -> None:
        """End the connection."""


class Duck:
    """A DuckDB file; ``geom`` is WKT in a text column."""

    def __init__(self, path: str, schema: str) -> None:
        try:
            import duckdb
        except ModuleNotFoundError as err:
            raise StoreError("publish: DuckDB is not installed; `pip install duckdb`") from err
        try:
            quoted = path.replace("'", "''")
            self._base = duckdb.connect()
            self._base.execute(f"ATTACH '{quoted}' AS target; USE target")
        except duckdb.Error as err:
            raise StoreError(f"publish: {path} cannot be opened: {err}") from err
        self._schema = schema
        self.refusal: type[Exception] = duckdb.Error

    def prepare(self) -> None:
        """As `Target.prepare`."""
        self._base.execute(f'CREATE SCHEMA IF NOT EXISTS "{self._schema}"')
        self._base.execute(f"CREATE TABLE IF NOT EXISTS {self._at(LEDGER)} (relation VARCHAR, part VARCHAR, digest "
                           "VARCHAR, row_count BIGINT, PRIMARY KEY (relation, part))")  # fmt: skip
        for relation in RELATIONS.values():
            columns = ", ".join(f'"{f.name}" {DUCK_TYPES[str(f.type)]}' for f in relation.schema)
            self._base.execute(f"CREATE TABLE IF NOT EXISTS {self._at(relation.name)} ({columns})")
            there = self._base.execute(f"DESCRIBE {self._at(relation.name)}").fetchall()
            _same(self._schema, relation, {row[0]: str(row[1]).lower() for row in there}, "varchar")
            self._base.execute(f"COMMENT ON TABLE {self._at(relation.name)} IS '{relation.about}'")

    def known(self) -> dict[tuple[str, str], str]:
        """As `Target.known`."""
        rows = self._base.execute(f"SELECT relation, part, digest FROM {self._at(LEDGER)}").fetchall()
        return {(r, p): d for r, p, d in rows}

    def own(self, study: str) -> None:
        """As `Target.own`."""
        self._base.execute(f"INSERT INTO {self._at(LEDGER)} VALUES (?, ?, ?, 0)", [*OWNER, study])

    def replace(self, relation: Relation, part: str, digest: str, rows: pa.Table) -> None:
        """As `Target.replace`."""
        with self._transaction():
            self._remove(relation.name, part)
            self._base.register("incoming", _plain(rows))
            self._base.execute(f"INSERT INTO {self._at(relation.name)} SELECT * FROM incoming")
            self._base.unregister("incoming")
            self._base.execute(f"INSERT INTO {self._at(LEDGER)} VALUES (?, ?, ?, ?)",
                               [relation.name, part, digest, rows.num_rows])  # fmt: skip

    def drop(self, relation: str, part: str) -> None:
        """As `Target.drop`."""
        with self._transaction():
            self._remove(relation, part)

    def close(self) -> None:
        """As `Target.close`."""
        self._base.close()

    def _remove(self, relation: str, part: str) -> None:
        self._base.execute(f"DELETE FROM {self._at(relation)} WHERE part = ?", [part])
        self._base.execute(f"DELETE FROM {self._at(LEDGER)} WHERE relation = ? AND part = ?", [relation, part])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._base.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        self._base.execute("COMMIT")

    def _at(self, name: str) -> str:
        return f'"{self._schema}"."{name}"'


class Postgres:
    """A schema of a PostgreSQL database: geometry by PostGIS and hypertables by TimescaleDB, where these exist."""

    def __init__(self, address: str, schema: str) -> None:
        try:
            import psycopg
        except ModuleNotFoundError as err:
            raise StoreError("publish: the driver is not installed; `pip install 'psycopg[binary]'`") from err
        try:
            self._base = psycopg.connect(address)
        except psycopg.Error as err:
            raise StoreError(f"publish: no connection: {str(err).strip()}") from err
        self._schema, self._spatial = schema, False
        self.refusal: type[Exception] = psycopg.Error
        self.notes: list[str] = []
        """What the server lacks."""

    def prepare(self) -> None:
        """As `Target.prepare`."""
        self._spatial = self._extension("postgis", "PostGIS", "geom is text (WKT)")
        timed = self._extension("timescaledb", "TimescaleDB", "readings are plain tables with an index on time")
        with self._base.transaction(), self._base.cursor() as cursor:
            cursor.execute(f'CREATE SCHEMA IF NOT EXISTS "{self._schema}"')
            cursor.execute(f"CREATE TABLE IF NOT EXISTS {self._at(LEDGER)} (relation text, part text, digest text, "
                           "row_count bigint, PRIMARY KEY (relation, part))")  # fmt: skip
            for relation in RELATIONS.values():
                self._make(cursor, relation, timed=timed)

    def known(self) -> dict[tuple[str, str], str]:
        """As `Target.known`."""
        with self._base.transaction(), self._base.cursor() as cursor:
            cursor.execute(f"SELECT relation, part, digest FROM {self._at(LEDGER)}")
            return {(r, p): d for r, p, d in cursor.fetchall()}

    def own(self, study: str) -> None:
        """As `Target.own`."""
        with self._base.transaction(), self._base.cursor() as cursor:
            cursor.execute(f"INSERT INTO {self._at(LEDGER)} VALUES (%s, %s, %s, 0)", (*OWNER, study))

    def replace(self, relation: Relation, part: str, digest: str, rows: pa.Table) -> None:
        """As `Target.replace`; rows travel by COPY."""
        names = ", ".join(f'"{n}"' for n in relation.schema.names)
        rows = rows if self._spatial else _plain(rows)
        with self._base.transaction(), self._base.cursor() as cursor:
            self._remove(cursor, relation.name, part)
            with cursor.copy(f"COPY {self._at(relation.name)} ({names}) FROM STDIN (FORMAT csv)") as stream:
                for batch in rows.to_batches(CHUNK):
                    stream.write(_csv(batch))
            cursor.execute(f"INSERT INTO {self._at(LEDGER)} VALUES (%s, %s, %s, %s)",
                           (relation.name, part, digest, rows.num_rows))  # fmt: skip

    def drop(self, relation: str, part: str) -> None:
        """As `Target.drop`."""
        with self._base.transaction(), self._base.cursor() as cursor:
            self._remove(cursor, relation, part)

    def close(self) -> None:
        """As `Target.close`."""
        self._base.close()

    def _extension(self, name: str, called: str, without: str) -> bool:
        """Whether the database has an extension, or takes it now; if not, a note says why and what follows."""
        with self._base.transaction(), self._base.cursor() as cursor:
            cursor.execute("SELECT name, installed_version FROM pg_available_extensions WHERE name = %s", (name,))
            found = cursor.fetchone()
        if found is None:
            self.notes.append(f"the server has no {called}: {without}")
            return False
        try:
            if found[1] is None:
                with self._base.transaction(), self._base.cursor() as cursor:
                    cursor.execute(f"CREATE EXTENSION {name}")
        except self.refusal as err:
            why = str(err).splitlines()[0]
            self.notes.append(f"{called} is on the server and not in this database ({why}): {without}; its "
                              f"administrator can put it there by CREATE EXTENSION {name}")  # fmt: skip
            return False
        return True

    def _make(self, cursor: Any, relation: Relation, *, timed: bool) -> None:
        spatial = self._spatial and "geom" in relation.schema.names

        def typed(field: pa.Field) -> str:
            return "geometry" if field.name == "geom" and spatial else POSTGRES_TYPES[str(field.type)]

        at = self._at(relation.name)
        columns = ", ".join(f'"{f.name}" {typed(f)}' for f in relation.schema)
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {at} ({columns})")
        cursor.execute("SELECT column_name, udt_name FROM information_schema.columns WHERE table_schema = %s "
                       "AND table_name = %s", (self._schema, relation.name))  # fmt: skip
        _same(self._schema, relation, dict(cursor.fetchall()), "geometry" if spatial else "text")
        cursor.execute(f"COMMENT ON TABLE {at} IS '{relation.about}'")
        for column in ("part", *relation.index):
            cursor.execute(f'CREATE INDEX IF NOT EXISTS "{relation.name}_{column}" ON {at} ("{column}")')
        if spatial:
            cursor.execute(f'CREATE INDEX IF NOT EXISTS "{relation.name}_geom" ON {at} USING gist (geom)')
        if timed and relation.time:
            cursor.execute("SELECT create_hypertable(%s, %s, if_not_exists => true, migrate_data => true)",
                           (f"{self._schema}.{relation.name}", relation.time))  # fmt: skip

    def _remove(self, cursor: Any, relation: str, part: str) -> None:
        cursor.execute(f"DELETE FROM {self._at(relation)} WHERE part = %s", (part,))
        cursor.execute(f"DELETE FROM {self._at(LEDGER)} WHERE relation = %s AND part = %s", (relation, part))

    def _at(self, name: str) -> str:
        return f'"{self._schema}"."{name}"'


def _csv(batch: pa.RecordBatch) -> bytes:
    """The rows as CSV: a missing value is nothing, an empty text is quoted."""
    columns = []
    for field, values in zip(batch.schema, batch.columns, strict=True):
        if pa.types.is_list(field.type):
            texts = [None if v is None else "{" + ",".join(f"{x:.12g}" for x in v) + "}" for v in values.to_pylist()]
            columns.append(pa.array(texts, pa.string()))
        else:
            columns.append(values)
    out = io.BytesIO()
    table = pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
    pacsv.write_csv(table, out, pacsv.WriteOptions(include_header=False))
    return out.getvalue()


def _plain(rows: pa.Table) -> pa.Table:
    """Rows whose geometry is WKT alone, without its reference."""
    if "geom" not in rows.column_names:
        return rows
    at = rows.column_names.index("geom")
    return rows.set_column(at, rows.field(at), pc.replace_substring_regex(rows.column(at), "^SRID=[0-9]+;", ""))


def _same(schema: str, relation: Relation, there: Mapping[str, str], geometry: str) -> None:
    """Raises StoreError where a relation that is there has other columns than are sent, or another geometry."""
    others = sorted(set(relation.schema.names) ^ set(there))
    if there.get("geom", geometry) != geometry:
        others.append(f"geom, which is {there['geom']} there and would be {geometry}")
    if others:
        raise StoreError(
            f"publish: {relation.name} of schema {schema} was made otherwise, by another DTL or without PostGIS "
            f"({', '.join(others)}). Drop the schema (DROP SCHEMA {schema} CASCADE) or name another one by --schema"
        )
