"""The two databases: how a relation is made in each, and how a part of it is replaced."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.csv as pacsv

from dtl.errors import StoreError
from dtl.report.publish.relations import RELATIONS, WGS84, Relation

LEDGER = "published_parts"
"""The relation that says which parts are there, by the digest of the files they were made from."""
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

    def prepare(self) -> None:
        """Make what is missing of schema, relations and indexes."""

    def known(self) -> dict[tuple[str, str], str]:
        """Digest of every part that is there, by relation and name."""

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
            raise StoreError("publish: DuckDB is not installed; `pip install dtl[duckdb]`") from err
        try:
            quoted = path.replace("'", "''")
            self._base = duckdb.connect()
            self._base.execute(f"ATTACH '{quoted}' AS target; USE target")
        except duckdb.Error as err:
            raise StoreError(f"publish: {path} cannot be opened: {err}") from err
        self._schema = schema

    def prepare(self) -> None:
        """As `Target.prepare`."""
        self._base.execute(f'CREATE SCHEMA IF NOT EXISTS "{self._schema}"')
        self._base.execute(f"CREATE TABLE IF NOT EXISTS {self._at(LEDGER)} (relation VARCHAR, part VARCHAR, digest "
                           "VARCHAR, row_count BIGINT, PRIMARY KEY (relation, part))")  # fmt: skip
        for relation in RELATIONS.values():
            columns = ", ".join(f'"{f.name}" {DUCK_TYPES[str(f.type)]}' for f in relation.schema)
            self._base.execute(f"CREATE TABLE IF NOT EXISTS {self._at(relation.name)} ({columns})")
            self._base.execute(f"COMMENT ON TABLE {self._at(relation.name)} IS '{relation.about}'")

    def known(self) -> dict[tuple[str, str], str]:
        """As `Target.known`."""
        rows = self._base.execute(f"SELECT relation, part, digest FROM {self._at(LEDGER)}").fetchall()
        return {(r, p): d for r, p, d in rows}

    def replace(self, relation: Relation, part: str, digest: str, rows: pa.Table) -> None:
        """As `Target.replace`."""
        with self._transaction():
            self._remove(relation.name, part)
            self._base.register("incoming", rows)
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
            raise StoreError("publish: the driver is not installed; `pip install dtl[postgresql]`") from err
        try:
            self._base = psycopg.connect(address)
        except psycopg.Error as err:
            raise StoreError(f"publish: no connection: {str(err).strip()}") from err
        self._schema = schema
        self.notes: list[str] = []
        """What the server lacks."""

    def prepare(self) -> None:
        """As `Target.prepare`."""
        spatial, timed = self._extension("postgis"), self._extension("timescaledb")
        if not spatial:
            self.notes.append("the server has no PostGIS: geom is text (WKT)")
        if not timed:
            self.notes.append("the server has no TimescaleDB: readings are plain tables with an index on time")
        with self._base.transaction(), self._base.cursor() as cursor:
            cursor.execute(f'CREATE SCHEMA IF NOT EXISTS "{self._schema}"')
            cursor.execute(f"CREATE TABLE IF NOT EXISTS {self._at(LEDGER)} (relation text, part text, digest text, "
                           "row_count bigint, PRIMARY KEY (relation, part))")  # fmt: skip
            for relation in RELATIONS.values():
                self._make(cursor, relation, spatial=spatial, timed=timed)

    def known(self) -> dict[tuple[str, str], str]:
        """As `Target.known`."""
        with self._base.transaction(), self._base.cursor() as cursor:
            cursor.execute(f"SELECT relation, part, digest FROM {self._at(LEDGER)}")
            return {(r, p): d for r, p, d in cursor.fetchall()}

    def replace(self, relation: Relation, part: str, digest: str, rows: pa.Table) -> None:
        """As `Target.replace`; rows travel by COPY."""
        names = ", ".join(f'"{n}"' for n in relation.schema.names)
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

    def _extension(self, name: str) -> bool:
        with self._base.transaction(), self._base.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = %s", (name,))
            if cursor.fetchone() is None:
                return False
            cursor.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")
        return True

    def _make(self, cursor: Any, relation: Relation, *, spatial: bool, timed: bool) -> None:
        def typed(field: pa.Field) -> str:
            return "geometry" if field.name == "geom" and spatial else POSTGRES_TYPES[str(field.type)]

        at = self._at(relation.name)
        columns = ", ".join(f'"{f.name}" {typed(f)}' for f in relation.schema)
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {at} ({columns})")
        cursor.execute(f"COMMENT ON TABLE {at} IS '{relation.about}'")
        for column in ("part", *relation.index):
            cursor.execute(f'CREATE INDEX IF NOT EXISTS "{relation.name}_{column}" ON {at} ("{column}")')
        if spatial and "geom" in relation.schema.names:
            cursor.execute(f'CREATE INDEX IF NOT EXISTS "{relation.name}_geom" ON {at} USING gist (geom)')
        if timed and relation.time:
            cursor.execute("SELECT create_hypertable(%s, %s, if_not_exists => true)",
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
        elif field.name == "geom":
            texts = [None if v is None else _spatial(v) for v in values.to_pylist()]
            columns.append(pa.array(texts, pa.string()))
        else:
            columns.append(values)
    out = io.BytesIO()
    table = pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
    pacsv.write_csv(table, out, pacsv.WriteOptions(include_header=False))
    return out.getvalue()


def _spatial(text: str) -> str:
    """WKT with its reference: longitude and latitude, where the numbers can be such."""
    first = text[text.rindex("(") + 1 :].split(",")[0].rstrip(")").split()
    degrees = abs(float(first[0])) <= 180.0 and abs(float(first[1])) <= 90.0
    return f"SRID={WGS84};{text}" if degrees else text
