"""The OpenDSS model of one feeder as a master and the files it redirects to."""

from __future__ import annotations

from pathlib import Path

from dtl.synth import circuit
from dtl.synth.model import Feeder


def write(folder: Path, feeder: Feeder) -> None:
    """Write ``Master.dss`` and its parts; ties are told in a comment, for they need the neighbour's circuit."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = {
        "LineCodes.dss": circuit.line_codes(circuit.conductors_in_use(feeder)), "Lines.dss": circuit.lines(feeder),
        "Transformers.dss": circuit.transformers(feeder), "Regulators.dss": circuit.regulators(feeder),
        "Capacitors.dss": circuit.capacitors(feeder), "Loads.dss": circuit.loads(feeder),
    }  # fmt: skip
    whole = circuit.commands(feeder)
    opening, closing = whole[:3], whole[-2:]
    ties = [f"! open tie {t.id}: {t.from_node} - {t.to_node} of {t.to_feeder}" for t in feeder.ties]
    master = [
        *opening,
        *ties,
        *(f"Redirect {name}" for name, lines in parts.items() if lines),
        *closing,
        "BusCoords Buscoords.csv",
        "Solve",
    ]
    for name, lines in {"Master.dss": master, "Buscoords.csv": circuit.bus_coordinates(feeder), **parts}.items():
        if lines:
            (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
