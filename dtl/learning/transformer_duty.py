"""``outage_risk`` of a group: how hard each transformer works by case, and what that does to its failures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from dtl import tables as contracts
from dtl.learning import asset_hazard
from dtl.learning.insight import LearnResult

Array = NDArray[np.float64]
AGE = 25.0
"""Age of a transformer whose day of installation nobody states [years]: it only weighs what the loading changes."""


def learn(spec: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> LearnResult:
    """The table ``transformer_duty`` of a group, from ``powerflow``; ``spec`` says nothing to it."""
    columns = ["feeder", "case", "kind", "element", "phase", "max_load_pct"]
    rows = tables["powerflow"].select(columns).to_pandas()
    own = rows[(rows["kind"].astype(str) == "transformer") & rows["max_load_pct"].notna()]
    worst = own.groupby(["feeder", "case", "element"], observed=True)["max_load_pct"].max().reset_index()
    return LearnResult([], {"transformer_duty": contracts.frame("transformer_duty", worst.to_dict("records"))})


def factors(
    duty: pd.DataFrame, built: Mapping[tuple[str, str], pd.Timestamp], end: pd.Timestamp, years: Mapping[str, float],
    baseline: str,
) -> dict[str, float]:  # fmt: skip
    """By case the failures of all transformers over those at the loading of `baseline`, after its own years.

    Until the case a transformer ages at the rate of its duty there, from the score that it has by now; both by CNAIM
    (`asset_hazard`). ``duty``: rows of ``transformer_duty``; ``built`` by feeder and element; ``years`` by case.
    """
    table = duty.pivot_table(index=["feeder", "element"], columns="case", values="max_load_pct", observed=True)
    if baseline not in table:
        return {}
    age = np.array([_age(built.get((str(f), str(e))), end) for f, e in table.index])
    usual = asset_hazard.duty(table[baseline].to_numpy(float))
    now = asset_hazard.health(age, usual)
    found = {}
    for case, ahead in years.items():
        if case not in table:
            continue
        load = table[case].fillna(table[baseline]).to_numpy(float)
        chances = [asset_hazard.chance(_later(now, ahead, factor)).sum() for factor in (asset_hazard.duty(load), usual)]
        found[case] = float(chances[0] / chances[1])
    return found


def _age(built: pd.Timestamp | None, end: pd.Timestamp) -> float:
    return AGE if built is None or pd.isna(built) else max((end - built).days / 365.25, 0.0)


def _later(score: Array, years: float, duty: Array) -> Array:
    """The score after some years at a duty."""
    rate = np.log(asset_hazard.EXPECTED / asset_hazard.NEW) / (asset_hazard.LIFE / duty)
    return np.asarray(np.minimum(asset_hazard.WORST, score * np.exp(rate * years)), np.float64)
