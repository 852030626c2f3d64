"""What the meters of a group say of its loads: kW and kvar by step, class of customer, and energy by customer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dtl import tables
from dtl.demand.aggregate import Aggregate, aggregate
from dtl.demand.calendar import HOURS, Calendar
from dtl.demand.clean import Cleaned, clean
from dtl.demand.demand import Drive
from dtl.network.customers import apportioned, shares
from dtl.plural import many

Reals = NDArray[np.float64]
SHOWN = 5
"""Readings that a warning names."""


@dataclass(frozen=True)
class Metered:
    """Series of transformers, and how each load shares in that of its own.

    ``share`` is, by load, its transformer and its part of the transformer's series, by the model's kW; ``classes`` the
    class and number of its customers, ``customers`` its part of the transformer's customers, which need not be whole.
    """

    cleaned: Cleaned
    whole: Aggregate
    share: Mapping[str, tuple[str, float]]
    classes: Mapping[str, tuple[str, int]]
    customers: Mapping[str, float]
    unplaced: int
    """Meters of the group that stand at no load of the model."""

    def kw(self, load: str) -> Reals | None:
        """Mean power by step [kW], nan where nothing is covered; None for a load without meters."""
        return self._of(load, self.cleaned.kw)

    def kvar(self, load: str) -> Reals | None:
        """The same of reactive power [kvar]; None where no meter of the group measures it."""
        return self._of(load, self.cleaned.kvar) if np.any(self.whole.kvarh) else None

    def _of(self, load: str, values: Reals) -> Reals | None:
        transformer, part = self.share.get(load, ("", 0.0))
        at = self._number.get(transformer)
        return None if at is None else values[at] * part

    @property
    def _number(self) -> dict[str, int]:
        return {name: i for i, (name, _) in enumerate(self.cleaned.aggregate.keys)}

    def described(self, drive: Drive) -> Drive:
        """A load with the class and number of customers that its meters have."""
        word, count = self.classes[drive.load]
        return replace(drive, customer_class=word or drive.customer_class, customers=count)

    def kwh_per_customer(self) -> dict[str, float]:
        """Yearly energy of a customer by class, from the covered hours of all meters of the class [kWh].

        A class with less than two covered weeks is not in it; a shorter record than a year is taken as it is, so that a
        study with a season of readings has that season's mean.
        """
        found = {}
        for word in sorted({of for _, of in self.whole.keys if of}):
            rows = [i for i, (_, of) in enumerate(self.whole.keys) if of == word]
            hours = self.whole.coverage[rows].sum(axis=1) * self.whole.step_min / 60.0
            meters = self.whole.meters[rows]
            covered = float((hours * meters).sum())
            if covered >= 14 * 24:
                found[word] = float(self.whole.kwh[rows].sum()) / covered * HOURS
        return found

    @property
    def facts(self) -> dict[str, float]:
        """Meters, energies and how much was filled, for the assumptions of the feeder."""
        told = self.cleaned.table("")
        sums = {n: float(np.sum(told[n].to_numpy())) for n in ("measured_kwh", "meters_kwh", "days_kwh", "unused_kwh")}
        return {
            "meters": float(self.whole.meters.sum()),
            "meters_without_load": float(self.unplaced),
            **{n: round(v, 3) for n, v in sums.items()},
            "outside_kwh": round(self.whole.outside_kwh, 3),
            "sum_error": self.whole.error,
            "caught_up": float(len(self.whole.caught_up)),
            "caught_up_kwh": round(sum(c.kwh for c in self.whole.caught_up), 3),
            "implausible": float(sum(i.count for i in self.whole.implausible)),
            "implausible_kwh": round(sum(i.kwh for i in self.whole.implausible), 3),
        }

    @property
    def warnings(self) -> list[str]:
        """Readings that were left out, the largest first."""
        return [*self._late(), *self._other_unit(), *self._odd()]

    def _other_unit(self) -> list[str]:
        whole = sorted((i for i in self.whole.implausible if i.kind == "unit"), key=lambda i: (-i.kw, i.meter))
        if not whole:
            return []
        shown = ", ".join(f"{i.meter} {i.kw:,.0f} kW" for i in whole[:SHOWN])
        more = f" and {len(whole) - SHOWN} more" if len(whole) > SHOWN else ""
        return [
            f"all readings of some meters are left out, {len(whole)} in number, which draw more than ten times the "
            f"rating of their transformer most of the time, as in another unit: {shown}{more}; they count as meters "
            "without readings (demand: {implausible: kept} takes them as they are)"
        ]

    def _odd(self) -> list[str]:
        odd = sorted((i for i in self.whole.implausible if i.kind != "unit"), key=lambda i: (-i.kw, i.meter, i.start))
        if not odd:
            return []
        shown = ", ".join(f"{i.meter} {i.kw:,.0f} kW ({i.kind}, {many(i.count, 'readings')})" for i in odd[:SHOWN])
        more = f" and {len(odd) - SHOWN} more" if len(odd) > SHOWN else ""
        readings, meters = sum(i.count for i in odd), len({i.meter for i in odd})
        return [
            many(readings, f"readings of {many(meters, 'meters')} are above what their transformer carries")
            + f", and unlike all that the meter draws otherwise: {shown}{more}; they are filled as gaps are (demand: "
            "{implausible: kept} takes them as they are)"
        ]

    def _late(self) -> list[str]:
        late = sorted(self.whole.caught_up, key=lambda c: (-c.kwh, c.meter, c.start))
        if not late:
            return []
        shown = ", ".join(f"{c.meter} {c.kwh:,.1f} kWh after {c.gap_min / 60:g} h" for c in late[:SHOWN])
        more = f" and {len(late) - SHOWN} more" if len(late) > SHOWN else ""
        return [
            many(len(late), "readings hold the energy of the gap before them and are not taken for one interval's: ")
            + f"{shown}{more}; they and their gaps are filled as gaps are"
        ]


def metered(
    readings: Path,
    meters: pa.Table,
    loads: Mapping[str, Sequence[tuple[str, float]]],
    calendar: Calendar,
    timezone: str,
    rated_kva: Mapping[str, float] | None = None,
) -> Metered:
    """Sum the readings of a group and share them among its loads.

    Parameters
    ----------
    readings, meters
        A file of the contract ``readings`` and a table of the contract ``meters``.
    loads
        Loads with their kW, by transformer.
    rated_kva
        Ratings of the transformers, by which implausible readings are left out; None keeps all.
    """
    whole = aggregate(readings, meters, calendar, timezone, calendar.step_min, rated_kva)
    share: dict[str, tuple[str, float]] = {}
    for transformer, own in loads.items():
        share |= {name: (transformer, part) for name, part in shares(dict(own)).items()}
    rows = list(zip(*(meters[c].cast(tables.TEXT).to_pylist() for c in ("transformer", "customer_class")), strict=True))
    by_unit: dict[str, Counter[str]] = {}
    for transformer, word in rows:
        by_unit.setdefault(transformer, Counter())[word] += 1
    classes: dict[str, tuple[str, int]] = {}
    customers: dict[str, float] = {}
    for transformer, own in loads.items():
        if count := by_unit.get(transformer):
            exact = {name: count.total() * share[name][1] for name, _ in own}
            customers |= exact
            word = count.most_common(1)[0][0]
            classes |= {name: (word, number) for name, number in apportioned(exact).items()}
    unplaced = sum(1 for transformer, _ in rows if transformer not in loads)
    return Metered(clean(whole.transformers(), calendar), whole, share, classes, customers, unplaced)
