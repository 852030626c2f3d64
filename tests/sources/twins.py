"""Other forms of the demo's CYME text, for tests: in imperial units, as a database, as XML; how they are solved."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

from dss import DSS

from dtl.network.feeder import Feeder
from dtl.powerflow import dss

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "studies" / "demo" / "data" / "cyme" / "ieee13"

FOOT, INCH, MILE = 0.3048, 0.0254, 1609.344

Table = list[dict[str, str]]


def tables(folder: Path = DEMO) -> dict[str, Table]:
    """The blocks of a text export as rows; nodes of both forms are one table, sections know their network."""
    found: dict[str, Table] = {}
    block, header, network = "", [], ""
    for file in sorted(folder.glob("*.txt")):
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("["):
                block, header = line.strip("[]"), []
            elif line.startswith("FORMAT_FEEDER"):
                marker = line.split("=", 1)[1].split(",")
            elif line.startswith("FORMAT_"):
                header = line.split("=", 1)[1].split(",")
            elif line.startswith("FEEDER="):
                found["FEEDER"] = [dict(zip(marker, line.split("=", 1)[1].split(","), strict=False))]
                network = found["FEEDER"][0]["NetworkID"]
            elif line and header:
                row = dict(zip(header, line.split(","), strict=False))
                found.setdefault(block, []).append(row | ({"NetworkID": network} if block == "SECTION" else {}))
    return found


def scaled(change: Callable[[str, str], float], folder: Path = DEMO) -> dict[str, str]:
    """The files with each number multiplied by ``change(block, column)``; they say that they are imperial."""
    made = {}
    for file in sorted(folder.glob("*.txt")):
        out, block, header = io.StringIO(), "", []
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("["):
                block, header = line.strip("[]"), []
                line = "[IMPERIAL]" if block == "SI" else line
            elif line.startswith("FORMAT_") and not line.startswith("FORMAT_FEEDER"):
                header = line.split("=", 1)[1].split(",")
            elif line and header and not line.startswith("FEEDER="):
                cells = line.split(",")
                for i, (column, cell) in enumerate(zip(header, cells, strict=False)):
                    if cell and (factor := change(block, column)) != 1.0:
                        cells[i] = f"{float(cell) * factor:.12g}"
                line = ",".join(cells)
            out.write(line + "\n")
        made[file.name] = out.getvalue()
    return made


def to_imperial(block: str, column: str) -> float:
    """From SI to what [IMPERIAL] means: feet, inches, per mile."""
    if column == "Length" or (block == "SPACING TABLE FOR LINE" and column[:3] in ("Pos", "GMD", "Avg")):
        return 1.0 / FOOT
    if block == "CONDUCTOR" and column in ("Diameter", "GMR"):
        return 0.01 / INCH
    if block == "CONDUCTOR" and column in ("R25", "R50"):
        return MILE / 1000.0
    if block in ("LINE", "CABLE", "CONCENTRIC NEUTRAL CABLE") and column in ("R1", "R0", "X1", "X0", "B1", "B0"):
        return MILE / 1000.0
    matrix = column.startswith("Mutual") or (len(column) == 2 and column[0] in "RXB" and column[1] in "abc")
    return MILE / 1000.0 if block == "LINE UNBALANCED" and matrix else 1.0


def volts(feeder: Feeder) -> dict[str, float]:
    """Voltages of a feeder at its stated taps [per unit], to 1e-9."""
    DSS.AllowForms = False
    DSS.Text.Commands(["clear", *dss.write(feeder).splitlines()])
    DSS.Text.Commands(["set controlmode=off", "set tolerance=1e-9", "set maxiterations=200", "solve"])
    circuit = DSS.ActiveCircuit
    assert circuit.Solution.Converged
    return dict(zip((n.lower() for n in circuit.AllNodeNames), circuit.AllBusVmagPu, strict=True))


def apart(one: Feeder, other: Feeder) -> float:
    """The largest difference of a voltage [per unit]; the two must have the same nodes."""
    a, b = volts(one), volts(other)
    assert set(a) == set(b)
    assert len(a) > 30
    return max(abs(a[n] - b[n]) for n in a)
