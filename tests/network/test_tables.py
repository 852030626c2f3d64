"""Tables that are read in part: the rows of a text, of files with several groups of rows, without importing pandas.

And the order of their rows: what is in order stays as it is, what is not is sorted, and no key occurs twice.
"""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dtl import tables
from dtl.errors import ContractError

KINDS = ("bus", "line", "switch")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """90 rows of six feeders, in groups of ten rows, as a large table is written."""
    rows = [
        {"feeder": f"F{i // 15}", "kind": KINDS[i % 3], "name": f"n{i:02d}", "body": f'{{"i":{i}}}'} for i in range(90)
    ]
    path = tmp_path_factory.mktemp("tables") / "network.parquet"
    tables.write("network", tables.frame("network", rows), path)
    pq.write_table(pq.ParquetFile(path).read(), path, row_group_size=10)
    return path


@pytest.mark.parametrize(
    "equal",
    [{"kind": "switch"}, {"feeder": "F4"}, {"feeder": "F4", "kind": "line"}, {"kind": "pole"}, {"body": '{"i":33}'}],
)
@pytest.mark.parametrize("columns", [None, ["body"], ["name", "feeder"]])
def test_the_rows_of_a_text_are_those_that_a_reader_of_all_finds(
    network: Path, equal: dict[str, str], columns: list[str] | None
) -> None:
    every = tables.read("network", network).to_pylist()
    wanted = [row for row in every if all(row[k] == v for k, v in equal.items())]
    found = tables.read("network", network, columns, **equal)
    kept = columns or found.schema.names
    assert found.to_pylist() == [{name: row[name] for name in kept} for row in wanted]


def test_a_file_without_a_column_is_no_such_table(network: Path, tmp_path: Path) -> None:
    path = tmp_path / "part.parquet"
    pq.write_table(pq.ParquetFile(network).read(["feeder", "name"]), path)
    for columns, equal in ((None, {}), (["body"], {}), (["name"], {"kind": "bus"})):
        with pytest.raises(ContractError, match="is no table network: it has the columns"):
            tables.read("network", path, columns, **equal)


def test_reading_rows_of_a_text_imports_no_pandas(network: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from dtl import tables;"
        f"tables.read('network', Path({str(network)!r}), ['body'], kind='bus'); print('pandas' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["False"]


STEPS = [("A", 9, None), ("A", 10, 0), ("A", 10, 30), ("A", 10, None), ("B", 0, 0), ("Ba", 0, 0), ("b", 0, 0)]
"""Feeder, hour and minute of violations, in order: texts by their bytes, a step without a minute after the others."""


def _violations(steps: list[tuple[str, int, int | None]]) -> pa.Table:
    contract = tables.TABLES["violations"]
    plain = {"string": "x", "int32": 1, "float": 1.0, "double": 1.0, "bool": False}
    fixed = {c.name: plain.get(str(c.type), "x") for c in contract.columns}
    rows = [fixed | {"feeder": f, "hour": h, "minute": m} for f, h, m in steps]
    columns = {c.name: pa.array([r[c.name] for r in rows], c.type) for c in contract.columns}
    return pa.table(columns, schema=contract.schema)


@pytest.mark.parametrize("seed", range(20))
def test_rows_in_any_order_give_the_bytes_of_rows_in_order(seed: int, tmp_path: Path) -> None:
    mixed = random.Random(seed).sample(STEPS, len(STEPS))
    pieces = [_violations(mixed[:3]), _violations(mixed[3:])]
    tables.write("violations", _violations(STEPS), tmp_path / "order.parquet")
    tables.write("violations", pa.concat_tables(pieces), tmp_path / "mixed.parquet")
    assert (tmp_path / "mixed.parquet").read_bytes() == (tmp_path / "order.parquet").read_bytes()
    found = tables.read("violations", tmp_path / "order.parquet").to_pylist()
    assert [(r["feeder"], r["hour"], r["minute"]) for r in found] == STEPS


@pytest.mark.parametrize("twice", STEPS)
def test_a_key_that_occurs_twice_is_refused(twice: tuple[str, int, int | None]) -> None:
    at = STEPS.index(twice)
    for rows in ([*STEPS[:at], twice, *STEPS[at:]], [*STEPS, twice], [twice, *STEPS, twice]):
        with pytest.raises(ContractError, match=f"{len(rows) - len(STEPS)} rows repeat a key"):
            tables.check("violations", _violations(rows))


def test_rows_that_were_promised_in_order_are_not_sorted_in_silence() -> None:
    assert tables.check("violations", _violations(STEPS), ordered=True).num_rows == len(STEPS)
    with pytest.raises(ContractError, match="not sorted by"):
        tables.check("violations", _violations(STEPS[::-1]), ordered=True)


def test_only_numbers_of_a_key_may_be_missing() -> None:
    """An empty value of a key is set after every number, which only numbers allow."""
    for table in tables.TABLES.values():
        of = {c.name: c for c in table.columns}
        assert all(pa.types.is_int32(of[k].type) for k in table.key if of[k].null), table.name
