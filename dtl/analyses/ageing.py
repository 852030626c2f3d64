"""Ageing: how hot transformers become and how much of their life a year takes."""

from __future__ import annotations

import numpy as np

from dtl.analyses.solved import Row, Solved, number, whole
from dtl.powerflow.ageing import HOTTEST_C

WORST = 10
"""So many transformers are listed, besides all that age faster than normal."""
NORMAL_C = 120.0
RULE = "IEEE C57.91-2011, suggested limit of the hot spot for normal loading"


def ageing(case: Solved) -> list[Row]:
    """The rows of a case: the feeder's figures, and its transformers that age most."""
    units = case.whole("transformer")
    known = np.isfinite(units["ageing_factor"])
    if not known.any():
        return []
    units = {name: column[known] for name, column in units.items()}
    factor, hot = units["ageing_factor"], units["hot_spot_c"]
    first, hottest = int(np.argmax(units["life_loss_pct"])), int(np.argmax(hot))
    rows: list[Row] = [
        {"metric": "max_hot_spot_c", "value": number(hot[hottest]), "hour": whole(units["hot_spot_hour"][hottest]),
         "limit": NORMAL_C, "rule": RULE, "text": units["element"][hottest]},
        {"metric": "max_life_loss_pct", "value": number(units["life_loss_pct"][first]),
         "text": units["element"][first]},
        {"metric": "transformers_ageing_fast", "value": int((factor > 1.0).sum())},
        {"metric": "transformers_bubbling", "value": int((units["hours_hot"] > 0).sum())},
    ]  # fmt: skip
    by_hour = units.get("life_loss_hourly_pct", np.full(len(factor), np.nan))
    hidden = units["life_loss_pct"] - by_hour
    if np.isfinite(hidden).any():
        most = int(np.nanargmax(hidden))
        text = f"{units['element'][most]}: {units['life_loss_pct'][most]:.4g} %, {by_hour[most]:.4g} % by hourly means"
        rows.append({"metric": "max_life_loss_hidden_pct", "value": number(hidden[most]), "text": text})
    order = np.lexsort((units["element"].astype(str), -factor))
    for i in order[: max(WORST, int((factor > 1.0).sum()))]:
        same = {"kind": "transformer", "element": units["element"][i]}
        rows.append(same | {"metric": "ageing_factor", "value": number(factor[i])})
        rows.append(same | {"metric": "life_loss_pct", "value": number(units["life_loss_pct"][i])})
        if np.isfinite(by_hour[i]):
            rows.append(same | {"metric": "life_loss_hourly_pct", "value": number(by_hour[i])})
        hour = whole(units["hot_spot_hour"][i])
        beyond = "held at the limit of the model: the unit would fail" if hot[i] >= HOTTEST_C else ""
        rows.append(same | {"metric": "hot_spot_c", "value": number(hot[i]), "hour": hour, "text": beyond})
    return rows
