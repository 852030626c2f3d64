"""The analysis ``substations``: the sum of feeder heads hour by hour against what their bank can carry, N and N-1.

The peak of a bank is that of the sum in one hour (coincident), not the sum of peaks. N-1 asks what the other units of
the substation would carry in each hour if the largest one were out, at their emergency rating; nothing is transferred
to other substations. Feeders are solved one by one, so a tap changer that they share does not act on them together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dtl import tables
from dtl.analyses.head import REVERSE_KW
from dtl.analyses.station_banks import Bank, banks

Row = dict[str, Any]
Heads = Mapping[str, tuple[NDArray[np.int64], NDArray[np.complex128]]]
"""By feeder: the hours that were solved, and the power from the source in them [kVA]."""

RULE = "study: {pct:g} % of the rated power of the bank"
RULE_N_1 = "study: {pct:g} % of the emergency rating of the units that are left"


def substations(
    words: Mapping[str, Any],
    cases: Iterable[Mapping[str, Any]],
    hourly: pa.Table,
    assets: pa.Table,
    feeders: Sequence[str],
) -> list[Row]:
    """Rows of the cube: of each case each bank and each substation, and how many are over.

    Parameters
    ----------
    words
        Those of the analysis in the study.
    cases
        Case, scenario and year of each; ``for`` of the words chooses, else every scenario in its last year.
    hourly
        The columns feeder, case, hour, source_kw and source_kvar of the table ``hourly`` of all groups.
    assets
        The table ``assets``; its substations and feeders say which feeder hangs on which substation.
    feeders
        The feeders of the study, solved or not.
    """
    chosen, unplaced = banks(words["banks"], assets, feeders)
    every = list(cases)
    last = max((c["year"] for c in every), default=0)
    named = words.get("for")
    rows: list[Row] = []
    for case in every:
        if case["case"] in named if named else case["year"] == last:
            heads = _heads(hourly.filter(pc.equal(hourly["case"].cast(tables.TEXT), case["case"])))
            rows += (_placed(case, row) for row in _case(chosen, unplaced, heads, words["over_pct"]))
    return rows


def _heads(hourly: pa.Table) -> Heads:
    found = {}
    names = hourly["feeder"].cast(tables.TEXT)
    for feeder in sorted(pc.unique(names).to_pylist()):
        own = hourly.filter(pc.equal(names, feeder)).sort_by("hour")
        kw, kvar = (np.asarray(own[c].to_numpy(), np.float64) for c in ("source_kw", "source_kvar"))
        found[feeder] = (np.asarray(own["hour"].to_numpy(), np.int64), kw + 1j * kvar)
    return found


@dataclass(frozen=True)
class _Sum:
    """The coincident sum of some feeders; ``lost`` names those without an answer.

    ``uneven`` says that its feeders were solved in different hours, so that no sum holds their peaks: there is none.
    """

    hours: NDArray[np.int64]
    kva: NDArray[np.complex128]
    lost: tuple[str, ...]
    uneven: bool = False

    @classmethod
    def of(cls, feeders: Iterable[str], heads: Heads) -> _Sum:
        """The sum over the hours in which all feeders that have an answer were solved."""
        known = [heads[f] for f in feeders if f in heads]
        lost = tuple(f for f in feeders if f not in heads)
        none = np.zeros(0, np.int64), np.zeros(0, np.complex128), lost
        if not known:
            return cls(*none)
        hours = known[0][0]
        if any(not np.array_equal(hours, other) for other, _ in known):
            return cls(*none, uneven=True)
        return cls(hours, np.sum([kva for _, kva in known], axis=0), lost)

    @property
    def note(self) -> str:
        """What the sum does not hold, or why there is none; empty if it holds all."""
        if self.uneven:
            return _UNEVEN
        return f"without {', '.join(self.lost)}, which had no answer" if self.lost else ""


def _case(chosen: Sequence[Bank], unplaced: Sequence[str], heads: Heads, pct: float) -> Iterator[Row]:
    over, over_n_1, judged = 0, 0, 0
    for bank in chosen:
        rows = list(_bank(bank, heads, pct))
        yield from rows
        over += any(r["metric"] == "bank_hours_over_h" and (r["value"] or 0) > 0 for r in rows)
    for station in sorted({b.substation for b in chosen}):
        rows = list(_station(station, [b for b in chosen if b.substation == station], heads, pct))
        yield from rows
        found = next((r["value"] for r in rows if r["metric"] == "station_n_1_hours_over_h"), None)
        judged += found is not None
        over_n_1 += bool(found)
    yield {"metric": "banks", "value": len(chosen), "text": "" if chosen else _NONE}
    yield {"metric": "banks_over", "value": over if chosen else None, "text": "" if chosen else _NONE}
    text = "" if judged else "not available: no substation states its units and their ratings, and has one sum of heads"
    yield {"metric": "stations_over_n_1", "value": over_n_1 if judged else None, "text": text}
    yield {"metric": "feeders_without_bank", "value": len(unplaced), "text": " ".join(unplaced)}


_UNEVEN = (
    "its feeders were solved in different hours, each in those that its own load chooses, so that their sum misses "
    "peaks; say powerflow.hours: all, or a list of hours"
)
_NONE = "not available: neither the study (analyses.substations.banks) nor a GIS says which bank feeds which feeder"


def _bank(bank: Bank, heads: Heads, pct: float) -> Iterator[Row]:
    """The coincident peak of a bank and what makes it, its loading, and what flows back."""
    found = _Sum.of(bank.feeders, heads)
    at = {"kind": "bank", "element": bank.name}
    if not len(found.hours):
        yield at | {"metric": "bank_peak_kva", "value": None, "text": f"not available: {found.note or 'no feeder'}"}
        return
    size = np.abs(found.kva)
    peak = int(size.argmax())
    when = {"hour": int(found.hours[peak])}
    note = "; ".join(x for x in (bank.basis, found.note) if x)
    yield at | when | {"metric": "bank_peak_kva", "value": float(size[peak]), "text": note}
    yield at | when | {"metric": "bank_peak_mw", "value": float(found.kva[peak].real) / 1e3, "text": bank.substation}
    peaks = sum(float(np.abs(heads[f][1]).max()) for f in bank.feeders if f in heads)
    if peaks > 0:
        yield at | {"metric": "bank_coincidence", "value": float(size[peak]) / peaks}
    low = int(found.kva.real.argmin())
    back = {"metric": "bank_min_kw", "value": float(found.kva[low].real), "hour": int(found.hours[low])}
    yield at | back
    yield at | {"metric": "bank_reverse_hours_h", "value": int((found.kva.real < -REVERSE_KW).sum())}
    rule = {"limit": pct, "rule": RULE.format(pct=pct)}
    if bank.mva is None:
        yield at | rule | {"metric": "bank_load_pct", "value": None, "text": "not available: no rated power is stated"}
    else:
        load = 100.0 * size / (1e3 * bank.mva)
        told = {"text": f"{bank.mva:g} MVA"}
        yield at | rule | when | told | {"metric": "bank_load_pct", "value": float(load[peak])}
        yield at | rule | {"metric": "bank_hours_over_h", "value": int((load > pct).sum())}
    for feeder in bank.feeders:
        if feeder in heads:
            own, kva = heads[feeder]
            share = kva[np.searchsorted(own, found.hours[peak])].real
            yield at | when | {"metric": "bank_feeder_kw", "value": float(share), "feeder": feeder}


def _station(station: str, own: Sequence[Bank], heads: Heads, pct: float) -> Iterator[Row]:
    """What the units that are left would carry with the largest one out."""
    found = _Sum.of(sorted({f for b in own for f in b.feeders}), heads)
    at = {"kind": "substation", "element": station}
    if not len(found.hours):
        for metric in ("station_peak_kva", "station_n_1_pct") if found.uneven else ():
            yield at | {"metric": metric, "value": None, "text": f"not available: {found.note}"}
        return
    size = np.abs(found.kva)
    peak = int(size.argmax())
    when = {"hour": int(found.hours[peak])}
    yield at | when | {"metric": "station_peak_kva", "value": float(size[peak]), "text": found.note}
    units = [u for b in own for u in b.unit_mva]
    rule = {"limit": pct, "rule": RULE_N_1.format(pct=pct)}
    if any(b.mva is None or b.units is None for b in own):
        text = "not available: the number of units or their rated power is not stated (analyses.substations.banks)"
        yield at | rule | {"metric": "station_n_1_pct", "value": None, "text": text}
        return
    firm = 1e3 * (sum(units) - max(units))
    text = f"{len(units)} units, {firm / 1e3:g} MVA with the largest out"
    short = np.maximum(size - firm * pct / 100.0, 0.0)
    yield at | {"metric": "station_firm_mva", "value": firm / 1e3, "text": text}
    value = None if firm == 0 else float(100.0 * size[peak] / firm)
    told = text if firm else "not available: a single unit leaves nothing; all load would be lost"
    told = "; ".join(x for x in (told, found.note) if x)
    yield at | rule | when | {"metric": "station_n_1_pct", "value": value, "text": told}
    yield at | rule | {"metric": "station_n_1_hours_over_h", "value": int((short > 0).sum())}
    yield at | rule | when | {"metric": "station_n_1_short_kva", "value": float(short.max())}
    yield at | rule | {"metric": "station_n_1_short_kvah", "value": float(short.sum())}


def _placed(case: Mapping[str, Any], row: Row) -> Row:
    """A row of the cube with its case."""
    empty = {"feeder": "", "kind": "", "element": "", "text": "", "hour": None, "limit": None, "rule": ""}
    level = "element" if row.get("kind") else "study"
    return {
        **empty, **row, "level": level, "scenario": case["scenario"], "year": case["year"], "case": case["case"],
        "analysis": "substations",
    }  # fmt: skip
