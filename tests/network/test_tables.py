"""Tables that are read in part: the rows of a text, of files with several groups of rows, without importing pandas."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
