"""What the page of assumptions shows of what each layer adds: rows that sum to the power of all loads and plants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dtl.report import figures

_CARRIERS = {
    "load": "rides on the load", "added": "power of its own", "generation": "gives power", "storage": "takes and gives",
}  # fmt: skip


def lines(manifests: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Case, layer, what carries it, energy and powers of each layer over all feeders, and their sum for each case.

    The power at the peak is that in the hour of each feeder's own peak, summed over feeders; so is the highest power.
    """
    sums: dict[str, dict[str, tuple[str, float, float, float]]] = {}
    for manifest in manifests:
        for case, told in manifest["cases"].items():
            layers = sums.setdefault(case, {})
            for row in told.get("attribution", ()):
                _, kwh, highest, at_peak = layers.get(row["layer"], ("", 0.0, 0.0, 0.0))
                layers[row["layer"]] = (
                    _CARRIERS[row["carrier"]], kwh + row["kwh"], highest + row["highest_kw"],
                    at_peak + row["kw_at_feeder_peak"],
                )  # fmt: skip
    found = []
    for case, layers in sorted(sums.items()):
        whole = ("", sum(v[1] for v in layers.values()), None, sum(v[3] for v in layers.values()))
        found += [_row(case, layer, *values) for layer, values in layers.items()]
        found += [_row(case, "all", *whole)] if len(layers) > 1 else []
    return found


def _row(case: str, layer: str, carrier: str, kwh: float, highest: float | None, at_peak: float) -> dict[str, str]:
    return {
        "case": case,
        "layer": layer,
        "carrier": carrier,
        "energy": figures.text(kwh, "kWh"),
        "highest": "" if highest is None else figures.text(highest, "kW"),
        "at_peak": figures.text(at_peak, "kW"),
    }
