"""CYME tables as the three text files of an export: network, load, equipment; SI units, version 5.04, CRLF, cp1252."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dtl.synth.cyme import CLASSES, Row, Tables
from dtl.synth.model import Feeder

HEADS = {
    "INTERMEDIATE NODES": "FORMAT_INTERMEDIATENODE",
}
"""Names of FORMAT lines that do not follow from the name of the block."""
SECTION_COLUMNS = ["SectionID", "FromNodeID", "ToNodeID", "Phase", "ZoneID", "SubNetworkId", "EnvironmentID"]
NETWORK_BLOCKS = (
    "HEADNODES", "SOURCE", "SOURCE EQUIVALENT", "OVERHEADLINE SETTING", "OVERHEAD BYPHASE SETTING",
    "UNDERGROUNDLINE SETTING",
    "SECTION", "REGULATOR SETTING", "TRANSFORMER SETTING", "SWITCH SETTING", "BREAKER SETTING", "FUSE SETTING",
    "RECLOSER SETTING",
    "SHUNT CAPACITOR SETTING", "INTERMEDIATE NODES",
)  # fmt: skip
LOAD_BLOCKS = ("LOADS", "CUSTOMER LOADS")


def _value(value: object) -> str:
    """A field: numbers with six digits, no separators inside text."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return f"{value:.6f}"
    return str(value).replace(",", " ")


def _rows(rows: Iterable[Row], columns: list[str]) -> list[str]:
    """Data lines; a row marked ragged has two values too many."""
    return [",".join(_value(row.get(c, "")) for c in columns) + (",,0" if row.get("ragged") else "") for row in rows]


def _columns(rows: list[Row]) -> list[str]:
    """Columns of a block: those of its first row."""
    return [c for c in rows[0] if c != "ragged"]


@dataclass(slots=True)
class Block:
    """A block as text: the columns of its FORMAT line and its data lines."""

    columns: list[str]
    lines: list[str]


Blocks = dict[str, Block]


def _block(rows: list[Row]) -> Block:
    """Rows as a block."""
    columns = _columns(rows)
    return Block(columns, _rows(rows, columns))


def _format(name: str, block: Block) -> list[str]:
    """The FORMAT line and the data lines."""
    return [f"{HEADS.get(name, 'FORMAT_' + name.replace(' ', ''))}={','.join(block.columns)}", *block.lines]


def _opening(day: date) -> list[str]:
    """What every file begins with."""
    return [
        "[GENERAL]",
        f"DATE={day:%B %d, %Y} at 06:00:00",
        "CYME_VERSION=5.04",
        "CYMDIST_REVISION=06",
        "",
        "[SI]",
        "",
    ]


def render(tables: Tables) -> Blocks:
    """One feeder as text blocks; heads are bus bars, in ``BARS``; ``SECTION`` begins with the feeder's marker."""
    heads = {row["NodeID"] for row in tables["HEADNODES"]}
    bars = [
        {"NodeID": r["NodeID"], "CoordX1": r["CoordX"] - 6.0, "CoordY1": r["CoordY"], "CoordX2": r["CoordX"] + 6.0,
        "CoordY2": r["CoordY"],
         "Width": 12.0}
        for r in tables["NODE"] if r["NodeID"] in heads
    ]  # fmt: skip
    blocks = {name: _block(rows) for name, rows in tables.items() if rows and name not in ("NODE", "SECTION")}
    blocks["NODE"] = _block([r for r in tables["NODE"] if r["NodeID"] not in heads])
    blocks["BARS"] = _block(bars)
    marker = [f"FEEDER={line}" for line in blocks["FEEDER"].lines]
    blocks["SECTION"] = Block(
        SECTION_COLUMNS, marker + [f"{row}0" for row in _rows(tables["SECTION"], SECTION_COLUMNS)]
    )
    return blocks


def network_lines(parts: list[Blocks], day: date, foreign: list[Row]) -> list[str]:
    """The network file of some feeders; ``foreign`` are nodes of others that their ties end at."""
    out = [*_opening(day), "[NODE]"]
    nodes = [*(line for part in parts for line in part["NODE"].lines), *_rows(foreign, parts[0]["NODE"].columns)]
    out += _format("NODE", Block(parts[0]["NODE"].columns, nodes))
    out += _format("NODE", Block(parts[0]["BARS"].columns, [line for part in parts for line in part["BARS"].lines]))
    for name in NETWORK_BLOCKS:
        found = [part[name] for part in parts if name in part]
        if name == "SECTION":
            out += [
                "",
                "[SECTION]",
                f"FORMAT_SECTION={','.join(SECTION_COLUMNS)}",
                f"FORMAT_FEEDER={','.join(parts[0]['FEEDER'].columns)}",
            ]
            out += [line for block in found for line in block.lines]
        elif found:
            out += [
                "",
                f"[{name}]",
                *_format(name, Block(found[0].columns, [line for block in found for line in block.lines])),
            ]
    return [*out, ""]


def load_lines(parts: list[Blocks], day: date) -> list[str]:
    """The load file of some feeders."""
    out = [*_opening(day), "[CUSTOMER CLASS]", *_format("CUSTOMER CLASS", _block(CLASSES))]
    for name in LOAD_BLOCKS:
        lines = [line for part in parts for line in part[name].lines]
        out += ["", f"[{name}]", *_format(name, Block(parts[0][name].columns, lines))]
    return [
        *out,
        "",
        "[LOAD MODEL INFORMATION]",
        *_format("LOAD MODEL INFORMATION", _block([{"ID": 1, "Name": "DEFAULT"}])),
        "",
    ]


def equipment_lines(tables: Tables, day: date) -> list[str]:
    """The equipment file."""
    out = _opening(day)
    for name, rows in tables.items():
        if rows:
            out += [f"[{name}]", *_format(name, _block(rows)), ""]
    return out


def foreign_nodes(feeder: Feeder) -> list[Row]:
    """The far ends of the ties of a feeder."""
    return [{"NodeID": t.to_node, "CoordX": t.to_x, "CoordY": t.to_y} for t in feeder.ties]


def write(path: Path, lines: list[str]) -> None:
    """Write lines as Windows does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("\r\n".join([*lines, ""]).encode("cp1252"))
