"""What is told of a CYME feeder once, for all its lines and customers together."""

from __future__ import annotations

from dtl.errors import Severity
from dtl.sources.cyme_section import Circuit
from dtl.sources.cyme_tables import Row


def tell(circuit: Circuit) -> None:
    """Findings for what many rows of a feeder have in common."""
    if rows := circuit.own:
        value = " ".join(f"{k}={v:g}" for k, v in circuit.catalog.own_amps(rows[0]).items())
        text, cure = "lines state other ratings than their equipment: theirs are", "Nothing, if they were rated singly."
        _find(circuit, rows, "cyme.own-rating", "info", text, "Amps", value, cure)
    if rows := circuit.unallocated:
        text = "rows of customers have connected kVA or kWh and no power: they are no load"
        cure = "Allocate loads in CYME before the export, or take them from meters."
        _find(circuit, rows, "cyme.unallocated", "warning", text, "Value1", rows[0].text("Value1"), cure)
    if rows := circuit.off:
        text, cure = "customers with power are disconnected, and left out", "Nothing, if that is the state you study."
        value = rows[0].text("ConnectionStatus", "Status")
        _find(circuit, rows, "cyme.customers-off", "warning", text, "ConnectionStatus", value, cure)
    if rows := circuit.models:
        names = ", ".join(sorted({r.text("LoadModelID") for r in rows}))
        text = f"rows of customers with power are of other load models than the one that is taken: {names}"
        cure = "Export the load model that you study alone, if it is another."
        _find(circuit, rows, "cyme.load-models", "warning", text, "LoadModelID", rows[0].text("LoadModelID"), cure)
    if rows := circuit.bare:
        text, cure = "load devices have no customer: they are no load", "Export [CUSTOMER LOADS] with the same devices."
        _find(circuit, rows, "cyme.no-customer", "warning", text, "DeviceNumber", rows[0].text("DeviceNumber"), cure)


def _find(
    circuit: Circuit, rows: list[Row], check: str, severity: Severity, text: str, field: str, value: str, remedy: str
) -> None:
    """A finding that counts the rows and names the first of them."""
    row = rows[0]
    circuit.reading.find(
        check, severity, f"{len(rows)} {text}", feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing,
        field=field, value=value, remedy=remedy,
    )  # fmt: skip
