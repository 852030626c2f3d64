"""What the pages need to answer questions as `dtl ask` does: the same facts, elements and maps of words to metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dtl import tables
from dtl.analyses.metrics import METRICS
from dtl.report import payloads
from dtl.report.asked import ELEMENT, FEEDER, KINDS, PAST, ROWS, SCALE
from dtl.report.facts import Facts
from dtl.tables.named import unfolded

VALUES = ("max_load_pct", "min_pu", "max_pu", "loss_kwh", "hours_over", "life_loss_pct")
"""The columns of ``powerflow`` by which elements are asked."""
ASKED = tuple(dict.fromkeys([*FEEDER.values(), "max_pu"]))
"""The metrics of the cube by which feeders and the study are asked."""


def facts(spec: Mapping[str, Any], known: Facts, more: Sequence[str]) -> bytes:
    """The payload ``answers``: the study (no feeder) and each feeder by metric and case, or by metric and year.

    `more` are the payloads that some questions need besides.
    """
    names = ["", *known.feeders]
    years = sorted({int(y) for y in pc.unique(known.table["year"]).to_pylist() if y})
    cols = [payloads.words("feeder", names)]
    for metric in ASKED:
        if metric in PAST:
            at = {f"{metric}@{y}": [known.value(metric, f or None, None, y) for f in names] for y in (0, *years)}
        else:
            at = {f"{metric}@{c.case}": [known.value(metric, f or None, c.case) for f in names] for c in known.cases}
        cols += [payloads.doubles(n, values) for n, values in at.items() if any(v is not None for v in values)]
    about = {
        "study": spec["study"],
        "cases": [{"case": c.case, "scenario": c.scenario, "year": c.year} for c in known.cases],
        "layers": {name: [_layer(spec, n) for n in s.get("stack", [])] for name, s in spec["scenarios"].items()},
        "feeder": FEEDER,
        "element": ELEMENT,
        "kinds": KINDS,
        "past": PAST,
        "scale": {" ".join(units): factor for units, factor in SCALE.items()},
        "units": {m: METRICS[m].unit for m in ASKED},
        "rows": ROWS,
        "payloads": list(more),
        "left_out": [f"{page}.html" for page in spec.get("left_out", ())],
    }
    return payloads.columns({"facts": cols}, about)


def _layer(spec: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What a question may say of a layer: its kind and how far it spreads."""
    return {k: v for k, v in spec["layers"][name].items() if k in ("kind", "penetration")}


def hosting(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """The payload ``ask/hosting``: hosting capacity by feeder (no bus) and by bus, of all criteria together."""
    found = [r for r in rows if r["criterion"] == "all" and r["hc_kw"] is not None]
    cols = [payloads.words(n, [r[n] for r in found]) for n in ("feeder", "bus", "case", "method", "of")]
    return payloads.columns({"rows": [*cols, payloads.doubles("hc_kw", [r["hc_kw"] for r in found])]}, {})


MOST_NAMES = 300
"""So many names of a kind are kept, for forms to suggest."""


class Elements:
    """Collects the rows of ``powerflow`` of one group after the other by which elements are asked."""

    def __init__(self) -> None:
        self._found: dict[str, list[pa.Table]] = {kind: [] for kind in KINDS}
        self.names: dict[str, list[str]] = {"buses": [], "switches": []}

    def add(self, flow: pa.Table, like: Mapping[str, str] | None = None) -> None:
        """Take in the rows of whole elements, not of single phases; ``like`` maps cases without rows to others."""
        whole = unfolded(flow.filter(pc.equal(flow["phase"].cast(tables.TEXT), "")), like or {})
        kinds = whole["kind"].cast(tables.TEXT)
        for kind, names in (("bus", self.names["buses"]), ("switch", self.names["switches"])):
            own = whole["element"].filter(pc.equal(kinds, kind)).cast(tables.TEXT)
            names += sorted(pc.unique(own.slice(0, MOST_NAMES)).to_pylist())[: MOST_NAMES - len(names)]
        for kind, own in KINDS.items():
            rows = whole.filter(pc.is_in(kinds, pa.array(own))).select(["feeder", "element", "case", *VALUES])
            if rows.num_rows:
                self._found[kind].append(rows)

    def take(self, other: Elements) -> None:
        """Take in what another one collected of the groups that come next."""
        for kind, names in self.names.items():
            names += other.names[kind][: MOST_NAMES - len(names)]
        for kind, found in self._found.items():
            found += other._found[kind]

    def write(self, folder: Path) -> list[str]:
        """Write a payload ``ask/<kind>`` for each kind that was seen; returns their names."""
        folder.mkdir(exist_ok=True)
        written = []
        for kind, found in self._found.items():
            if found:
                name = f"ask/{kind}"
                text = payloads.script(name, _columns(pa.concat_tables(found)))
                (folder / f"{kind}.js").write_text(text, encoding="utf-8")
                written.append(name)
        return written


def _columns(rows: pa.Table) -> bytes:
    """The rows as columns, those left out in which nothing has a value."""
    cols = [payloads.words(n, rows[n].cast(tables.TEXT).to_pylist()) for n in ("feeder", "element", "case")]
    for name in VALUES:
        if rows[name].null_count < rows.num_rows:
            exact = payloads.doubles if rows[name].type == pa.float64() else payloads.reals
            cols.append(exact(name, rows[name].to_pylist()))
    return payloads.columns({"rows": cols}, {})
