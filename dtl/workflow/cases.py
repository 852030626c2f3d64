"""Files that join the answers of several cases: cut to one case, joined again, and the digests of their parts."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from dtl import tables
from dtl.errors import ContractError
from dtl.workflow import digests


def cut(contract: str, path: Path, case: str, target: Path) -> None:
    """Write the part of one case: the rows of a table, or the object of a JSON file (contract "")."""
    if contract:
        tables.write(contract, tables.read(contract, path, case=case), target)
    else:
        target.write_text(digests.pretty(_cases(path)[case]), encoding="utf-8")


def join(contract: str, parts: Mapping[str, Path], target: Path) -> None:
    """Write the parts of all cases as one file, sorted."""
    if contract:
        tables.write(
            contract, tables.concat(contract, [tables.read(contract, p) for _, p in sorted(parts.items())]), target
        )
    else:
        whole = {case: json.loads(p.read_text(encoding="utf-8")) for case, p in parts.items()}
        target.write_text(digests.pretty({"cases": whole}), encoding="utf-8")


def parts(contract: str, path: Path, names: Sequence[str]) -> dict[str, str]:
    """The digest of the part of each case in a joined file; a table may have no rows of some."""
    found = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name in sorted(names):
            target = Path(scratch) / "part"
            cut(contract, path, name, target)
            found[name] = digests.of_file(target)
    return found


def empty(contract: str, target: Path) -> None:
    """Write a table without rows: what a failed case has."""
    tables.write(contract, tables.TABLES[contract].schema.empty_table(), target)


def check(contract: str, path: Path, case: str) -> None:
    """Raises ContractError if an output breaks its contract, or holds rows of another case than the one asked.

    The table of a case is sorted, since it is the joined file where there is no other case.
    """
    if not contract:
        _canonical(path)
        return
    table = tables.check(contract, tables.read(contract, path), ordered=bool(case))
    if case and table.num_rows:
        foreign = set(pc.unique(table["case"].cast(tables.TEXT)).to_pylist()) - {case}
        if foreign:
            raise ContractError(f"table {contract}: was asked for the case {case} and has rows of {sorted(foreign)}")


def _canonical(path: Path) -> None:
    if path.is_dir() or path.suffix != ".json":
        return
    text = path.read_text(encoding="utf-8")
    try:
        same = digests.pretty(json.loads(text)) == text
    except ValueError as err:
        raise ContractError(f"{path.name}: is no JSON: {err}") from err
    if not same:
        raise ContractError(f"{path.name}: is not in its canonical form (sorted keys, indent 1, no ASCII escapes)")


def _cases(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))["cases"])
