"""The tables of an Access database as text, by one of two engines: ODBC with the MDBTools driver, or pure Python.

Each engine runs in a child process with a bound on its time, because a damaged file can kill it or keep it busy for
ever. Only ``SELECT * FROM [table]`` is ever asked, and never a table of the system (``MSys...``), which kills the
driver.

Values come as text: numbers with 15 digits, so that the noise of binary fractions is gone, ``1`` and ``0`` for
yes and no, dates as ISO text, and nothing for null.
"""

from __future__ import annotations

import json
import logging
import math
import multiprocessing
import os
import struct
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from dtl.processes import die_with_parent

CPU_S = 2.0
CPU_S_PER_MB = 8.0
WALL_FACTOR = 20.0
"""What a child may use: processor seconds for the file, and so many times that on the clock of a busy machine."""

SYSTEM = "MSYS"


class AbsentError(Exception):
    """The engine is not installed; the text says what is missing."""


class DeadError(Exception):
    """The child died or took too long; the text says how."""


@dataclass
class Content:
    """The tables of a file: columns and rows by table; ``lost`` says why a table could not be read whole."""

    columns: dict[str, list[str]] = field(default_factory=dict)
    rows: dict[str, list[list[str]]] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)

    def put(self, table: str, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
        """Add a table; its columns in the order of their names, since engines differ in theirs; none if it is empty."""
        names = list(columns)
        order = sorted(range(len(names)), key=lambda i: names[i].upper())
        self.rows[table] = [[plain_text(cells[i]) for i in order] for cells in map(list, rows)]
        self.columns[table] = [names[i] for i in order] if self.rows[table] else []


def plain_text(value: object) -> str:
    """A value as the text that both engines give."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return f"{value:.15g}" if math.isfinite(value) else str(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, bytes | bytearray):
        return bytes(value).hex()
    return str(value).strip()


def content(path: Path, engine: str) -> Content:
    """All tables of a database, read by ``odbc`` or ``pure`` in a child process.

    Raises
    ------
    AbsentError
        The engine is not installed.
    DeadError
        The child died, or used more than its time.
    """
    seconds = math.ceil(CPU_S + CPU_S_PER_MB * path.stat().st_size / 1e6)
    with tempfile.TemporaryDirectory() as folder:
        out, noise = Path(folder) / "tables.json", Path(folder) / "noise.txt"
        context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        child = context.Process(target=_child, args=(os.getpid(), engine, path, out, noise, seconds), daemon=True)
        child.start()
        child.join(seconds * WALL_FACTOR)
        if child.is_alive():
            child.kill()
            child.join()
            raise DeadError(f"took more than {seconds * WALL_FACTOR:g} s")
        if child.exitcode != 0 or not out.exists():
            last = (noise.read_text(encoding="utf-8", errors="replace").split("\n") if noise.exists() else [""])[-2:][0]
            raise DeadError(f"ended with code {child.exitcode} {last.strip()[:160]}".strip())
        told = json.loads(out.read_text(encoding="utf-8"))
    if "absent" in told:
        raise AbsentError(told["absent"])
    return Content(told["columns"], told["rows"], told["lost"])


def _child(parent: int, engine: str, path: Path, out: Path, noise: Path, seconds: int) -> None:
    """What the child does: read, and write one JSON file; what it and the libraries below it say goes to a file."""
    die_with_parent(parent)
    with noise.open("w", encoding="utf-8") as quiet:
        os.dup2(quiet.fileno(), 1)
        os.dup2(quiet.fileno(), 2)
    _bound(seconds)
    told: dict[str, Any]
    try:
        found = ENGINES[engine](str(path))
        told = {"columns": found.columns, "rows": found.rows, "lost": found.lost}
    except AbsentError as err:
        told = {"absent": str(err)}
    out.write_text(json.dumps(told), encoding="utf-8")


def _bound(seconds: int) -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def odbc(path: str) -> Content:
    """By pyodbc and the driver MDBTools."""
    try:
        import pyodbc
    except ImportError as err:
        raise AbsentError(f"pyodbc cannot be imported: {err}") from err
    if "MDBTools" not in pyodbc.drivers():
        raise AbsentError("no ODBC driver MDBTools; Debian has it as odbc-mdbtools, with unixodbc")
    found = Content()
    link = pyodbc.connect(f"DRIVER=MDBTools;DBQ={path};", autocommit=True, readonly=True)
    cursor = link.cursor()
    for table in sorted({r.table_name for r in cursor.tables(tableType="TABLE")}):
        if table.upper().startswith(SYSTEM):
            continue
        try:
            rows = cursor.execute(f"SELECT * FROM [{table}]").fetchall()
            found.put(table, [d[0] for d in cursor.description], rows)
        except pyodbc.Error as err:
            found.lost[table] = str(err)[:200]
    return found


class _Complaints(logging.Handler):
    """Counts what the parser complains about: it goes on after a row that it cannot read."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the text of a complaint."""
        self.texts.append(record.getMessage())


def pure(path: str) -> Content:
    """By access-parser, without any driver."""
    try:
        from access_parser import AccessParser
        from construct import ConstructError
    except ImportError as err:
        raise AbsentError(f"access-parser cannot be imported: {err}") from err
    damage = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, struct.error, ConstructError)
    complaints = _Complaints()
    logger = logging.getLogger("access_parser")
    logger.addHandler(complaints)
    found, database = Content(), AccessParser(path)
    if complaints.texts:
        found.lost["MSysObjects"] = complaints.texts[0][:200]
    for table in sorted(database.catalog):
        if table.upper().startswith(SYSTEM):
            continue
        complaints.texts.clear()
        try:
            _pure_table(found, database, table)
        except damage as err:
            found.lost[table] = f"{type(err).__name__}: {err}"[:200]
        if complaints.texts:
            found.lost.setdefault(table, complaints.texts[0][:200])
    return found


def _pure_table(found: Content, database: Any, table: str) -> None:
    """One table; its columns must be of one length, or rows are mixed up."""
    parsed = database.parse_table(table)
    columns = {name: cells if isinstance(cells, list) else [] for name, cells in parsed.items()}
    lengths = {len(cells) for cells in columns.values()}
    if len(lengths) > 1:
        found.lost[table] = f"rows cannot be told apart: columns of {min(lengths)} to {max(lengths)} values"
        return
    found.put(table, columns, zip(*columns.values(), strict=True))
    stated = database.get_table(table).table_header.get("number_of_rows")
    if stated is not None and stated != max(lengths, default=0):
        found.lost[table] = f"states {stated} rows and has {max(lengths, default=0)}"


ENGINES: dict[str, Callable[[str], Content]] = {"odbc": odbc, "pure": pure}
