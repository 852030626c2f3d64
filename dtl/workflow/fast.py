"""The verb ``connect --fast``: what the surrogate of a study's last run says of a plant, without any power flow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from dtl import layout, tables
from dtl.spec.study import load
from dtl.workflow import connect

FITS, FITS_NOT, UNDECIDED = 0, 2, 1
"""Exit codes: at most the lower bound; above the estimate; between the two, or no answer."""
OF: Mapping[str, str] = {"ev": "load", "load": "load", "pv": "generation", "generation": "generation"}

Row = Mapping[str, Any]


def run(study: str, bus: str, kw: float, kind: str, phases: str, case: str) -> int:
    """Print the estimate, or why there is none and how to have it solved; its exit code."""
    asked = load(Path(layout.STUDY.format(study=study)).parent)
    chosen = connect.chosen(asked, case)
    _, name = connect.place(study, bus)
    folder = Path(layout.LEARNING.format(study=study))
    solve = f"dtl connect {study} --bus {bus} --kw {kw:g} --type {kind}"
    solve += f" --phases {phases}" * bool(phases) + f" --case {chosen}" * bool(case)
    found = _answer(folder, bus, name, chosen, OF[kind])
    said, code = (found, UNDECIDED) if isinstance(found, str) else _told(*found, kw, phases)
    print(f"{said}\nto have it solved: {solve}")
    return code


def _answer(folder: Path, bus: str, name: str, case: str, of: str) -> tuple[Row, Row] | str:
    """The row of the site and that of the model; or a text that says why there is none."""
    if not (folder / "surrogate.parquet").exists():
        why = "the study has none; it needs analyses.surrogate and enough feeders (its insights say which were missing)"
        return f"no answer by a surrogate: {why}"
    table = tables.read("surrogate", folder / "surrogate.parquet")
    here = pc.and_(pc.equal(table["bus"], name), pc.equal(table["of"].cast(tables.TEXT), of))
    own = [r for r in table.filter(here).to_pylist() if r["case"] == case]
    feeder = bus.rpartition(":")[0]
    own = [r for r in own if not feeder or r["feeder"] in feeder.split("+")]
    if not own:
        why = f"it knows nothing of {of} at bus {name} in {case}; the study's hosting asks other cases, kinds or buses"
        return f"no answer by the surrogate: {why}"
    (model,) = tables.read("surrogate_model", folder / "surrogate_model.parquet").to_pylist()
    return own[0], model


def _told(row: Row, model: Row, kw: float, phases: str) -> tuple[str, int]:
    if row["verdict"] != "ok":
        return f"no answer by the surrogate: out of its domain: {row['reason']}", UNDECIDED
    if phases and set(phases) != set(row["phases"]):
        return f"no answer by the surrogate: it knows plants on all phases of a bus, here {row['phases']}", UNDECIDED
    if kw <= row["bound_kw"]:
        word, code = "yes", FITS
    elif kw > row["kw"]:
        word, code = "no", FITS_NOT
    else:
        word, code = "not sure", UNDECIDED
    least = "at least " if row["at_least"] else ""
    lines = [
        f"estimate: {word}: {kw:g} kW at bus {row['bus']} (phases {row['phases']}), {row['case']}",
        f"hosting capacity about {row['kw']:.4g} kW, lower bound {least}{row['bound_kw']:.4g} kW, limited by "
        f"{row['limiting_term']}",
        f"no power flow was solved: surrogate {model['digest']}, learned from {model['rows']} sites of "
        f"{model['feeders']} feeders; on feeders that were left out its mean error is {model['mape_pct']:.2g} %, and "
        f"{model['optimistic_pct']:.2g} % of its bounds are optimistic",
    ]
    if row["hc_kw"] is not None:
        lines.append(f"the study's own search found {row['hc_kw']:.4g} kW at this bus")
    return "\n".join(lines), code
