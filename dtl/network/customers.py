"""How many customers each load stands for: as many as there are meters, where meters are linked to its transformer.

The number of a model is what was known when it was made. Maps, rankings, indices, outages and demand read the number
from the loads, so that all tell the same; a transformer without meters keeps the number of the model. Links of the
whole study count first; what voltages then move within a feeder is counted anew (`moved`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pydantic_core import from_json

from dtl import tables
from dtl.errors import Finding
from dtl.network.feeder import Feeder
from dtl.network.service_transformers import serving
from dtl.plural import many

NAMED = 5
"""So many transformers are named in a finding, those first that differ most."""
REMEDY = "Look at the links of the meters; where only some customers have a listed meter, list all service points."

Key = tuple[str, str]
"""Feeder, and transformer or load."""


def with_meters(network: pa.Table, meters: pa.Table, near: pd.DataFrame) -> tuple[pa.Table, list[Finding]]:
    """The table ``network`` whose loads have the customers of the table ``meters``, and what the model has otherwise.

    `near` is what `dtl.network.service_transformers.serving` gives for the network.
    """
    count = Counter(zip(*(meters[c].cast(tables.TEXT).to_pylist() for c in ("feeder", "transformer")), strict=True))
    at: dict[Key, Key] = {
        (feeder, load): (feeder, transformer)
        for feeder, transformer, loads in zip(near["feeder"], near["transformer"], near["loads"], strict=True)
        for load in loads
        if count[feeder, transformer]
    }
    kinds, feeders, names = (network[c].cast(tables.TEXT).to_pylist() for c in ("kind", "feeder", "name"))
    bodies = network["body"].to_pylist()
    rows = {
        (feeders[i], names[i]): i for i, kind in enumerate(kinds) if kind == "load" and (feeders[i], names[i]) in at
    }
    parts = {load: from_json(bodies[row]) for load, row in rows.items()}
    own: dict[Key, dict[Key, dict[str, Any]]] = {}
    for load, part in parts.items():
        own.setdefault(at[load], {})[load] = part
    for unit, loads in own.items():
        of = shares({load: float(part["kw"]) for load, part in loads.items()})
        for load, number in apportioned({load: count[unit] * share for load, share in of.items()}).items():
            body = parts[load] | {"customers": number}
            bodies[rows[load]] = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    column = network.column_names.index("body")
    done = network.set_column(column, network.schema.field(column), pa.array(bodies, tables.TEXT))
    modelled = {unit: sum(int(p.get("customers", 1)) for p in loads.values()) for unit, loads in own.items()}
    return done, list(_told(modelled, count))


def moved(feeder: Feeder, meters: pa.Table) -> Feeder:
    """The feeder of a group whose loads have the customers of its links as voltages left them.

    `meters` is the table of the group after `dtl.network.refine`; of its columns ``transformer`` and ``basis`` count.
    The feeder is the same where voltages moved nobody.
    """
    if not pc.any(pc.equal(meters["basis"].cast(tables.TEXT), "voltage")).as_py():
        return feeder
    count = Counter(meters["transformer"].cast(tables.TEXT).to_pylist())
    near = serving(tables.frame("network", feeder.rows()))
    kw = {load.name: load.kw for load in feeder.loads}
    number: dict[str, int] = {}
    for transformer, loads in zip(near["transformer"], near["loads"], strict=True):
        if loads and count[transformer]:
            of = shares({load: kw[load] for load in loads})
            number |= apportioned({load: count[transformer] * share for load, share in of.items()})
    after = [p.model_copy(update={"customers": number[p.name]}) if p.name in number else p for p in feeder.loads]
    return Feeder(**{n: getattr(feeder, n) for n in Feeder.model_fields} | {"loads": tuple(after)})


def shares(kw: Mapping[Any, float]) -> dict[Any, float]:
    """The part of each load in what is known of all of them together: by power, equal parts where none has any."""
    total = sum(max(value, 0.0) for value in kw.values())
    return {load: max(value, 0.0) / total if total > 0 else 1.0 / len(kw) for load, value in kw.items()}


def apportioned(exact: Mapping[Any, float]) -> dict[Any, int]:
    """Whole numbers near to given ones, with the same sum: what is left goes to the largest remainders (Hamilton)."""
    found = {name: int(number) for name, number in exact.items()}
    left = round(sum(exact.values())) - sum(found.values())
    for name in sorted(exact, key=lambda n: (found[n] - exact[n], n))[:left]:
        found[name] += 1
    return found


def metered(meters: pa.Table) -> set[str]:
    """The feeders that have a linked meter."""
    return set(meters["feeder"].cast(tables.TEXT).unique().to_pylist()) - {""}


def _told(modelled: Mapping[Key, int], count: Mapping[Key, int]) -> Iterator[Finding]:
    """By feeder, the transformers whose customers were others in the model."""
    by_feeder: dict[str, list[Key]] = {}
    for unit in sorted(modelled):
        if modelled[unit] != count[unit]:
            by_feeder.setdefault(unit[0], []).append(unit)
    for feeder, units in by_feeder.items():
        mine = [unit for unit in modelled if unit[0] == feeder]
        before, after = (sum(of[unit] for unit in mine) for of in (modelled, count))
        what = "transformers have another number of meters than of customers in the model; the meters count"
        text = f"{many(len(units), what)}: {after} at {many(len(mine), 'transformers')} with meters, {before} before"
        yield Finding("meters.customers", "warning", text, feeder=feeder, field="customers",
                      value=_named(units, modelled, count), remedy=REMEDY)  # fmt: skip


def _named(units: Sequence[Key], modelled: Mapping[Key, int], count: Mapping[Key, int]) -> str:
    first = sorted(units, key=lambda u: (-abs(count[u] - modelled[u]), u))[:NAMED]
    more = ", ..." if len(units) > NAMED else ""
    return ", ".join(f"{name} {modelled[f, name]} -> {count[f, name]}" for f, name in first) + more
