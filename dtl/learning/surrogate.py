"""The module ``surrogate``: hosting capacity of every site at once, learned from what the study's own search found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from dtl import tables as contracts
from dtl.learning import capacity_model
from dtl.learning.capacity_model import FEATURES, LEAST_FEEDERS, Model, Scored, Sites
from dtl.learning.insight import OK, REFUSED, Cell, Insight, LearnResult, not_enough

MODULE = "surrogate"
OPTIMISTIC = 1.05
"""Answers above this many times what is true are optimistic."""
NOTHING_KW = 0.1
"""Capacities below are none."""
LEAST_SITES = 3
"""Sites with a capacity that a feeder needs to be learned from."""
KEY = ["feeder", "scenario", "year", "case", "of", "bus", "phases"]

Real = NDArray[np.float64]
Flags = NDArray[np.bool_]


def learn(spec: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> LearnResult:
    """Scores, and the tables ``surrogate`` and ``surrogate_model``, from ``formula``.

    ``spec``: ``max_optimistic_share``, ``seed``.
    """
    every = tables["formula"].to_pandas().astype({"feeder": str, "of": str, "formula_term": str, "note": str})
    known = every[every["bus"] != ""].reset_index(drop=True)
    found = known[known["hc_kw"].notna()].reset_index(drop=True)
    learned = learnable(found)
    names = sorted(found.loc[learned, "feeder"].unique())
    if len(names) < LEAST_FEEDERS:
        return LearnResult([_few(every, known, names)])
    share, seed = float(spec.get("max_optimistic_share", 0.05)), int(spec.get("seed", 0))
    at, truth = capacity_model.sites(found), true_kw(found)
    log_ratio = np.log(np.where(learned, truth, at.formula_kw) / at.formula_kw)
    scored = capacity_model.left_out(at, log_ratio, share, seed, learned)
    model = capacity_model.fit(at.of(learned), log_ratio[learned], share, seed)
    score = _Score(at, truth, scored, model, share, learned, found["top_kw"].to_numpy(np.float64))
    text = json.dumps(model.exported(), separators=(",", ":"), allow_nan=False)
    about = {
        "target": "hosting_kw", "verdict": score.verdict, "digest": hashlib.sha256(text.encode()).hexdigest()[:12],
        "mape_pct": score.mape_pct, "p90_error_pct": score.p90_pct, "optimistic_pct": score.optimistic_pct,
        "feeders": len(names), "rows": int(learned.sum()), "model": text,
    }  # fmt: skip
    answers = _answers(known, model, score)
    return LearnResult(
        list(score.rows()),
        {"formula": tables["formula"], "surrogate": contracts.frame("surrogate", answers),
         "surrogate_model": contracts.frame("surrogate_model", [about])},
    )  # fmt: skip


def learnable(known: pd.DataFrame) -> Flags:
    """Which rows of ``formula`` can be learned from: a capacity was found, above nothing and below the largest."""
    found = known["hc_kw"].notna() & (known["hc_kw"] > 0) & ~known["at_least"].astype(bool)
    some = found & (known["formula_kw"] < known["top_kw"]) & (known["formula_kw"] > 0)
    return np.asarray(some & (some.groupby(known["feeder"]).transform("sum") >= LEAST_SITES), np.bool_)


def usable(known: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``formula`` that can be learned from."""
    return known[learnable(known)].reset_index(drop=True)


def true_kw(fit: pd.DataFrame) -> Real:
    """The capacities [kW]: the middle of the step that passes and the one that fails."""
    return np.asarray(fit["hc_kw"] + 0.5 * fit["step_kw"].fillna(0.0), np.float64)


def _few(every: pd.DataFrame, known: pd.DataFrame, names: list[str]) -> Insight:
    why = (
        f"{len(names)} of {every['feeder'].nunique()} feeders have {LEAST_SITES} sites with a hosting capacity between "
        f"nothing and the largest plant tried; {LEAST_FEEDERS} are needed, so that one can be left out and scored"
    )
    reasons = sorted(set(every["note"]) - {""})
    if not known["hc_kw"].notna().any() and not reasons:
        reasons = ["no method for single plants (iterative, drive) was asked"]
    return not_enough(MODULE, f"{why}{': ' if reasons else ''}{'; '.join(reasons)}")


class _Score:
    """How good the answers are for feeders that were left out.

    Errors are of the sites that can be learned from; bounds are judged at sites without any capacity, and where the
    formula alone finds no limit below the largest plant, as well.
    """

    def __init__(self, at: Sites, truth: Real, found: Scored, model: Model, share: float, learned: Flags, top: Real):
        self.at, self.truth, self.found, self.model, self.share = at, truth, found, model, share
        self.learned = learned
        domain = found.inside if (found.inside & learned).any() else np.ones(len(truth), np.bool_)
        self.inside = domain & learned
        self.error = np.minimum(found.kw, top) / np.maximum(truth, capacity_model.LEAST_KW) - 1.0
        self.mape_pct = 100.0 * float(np.abs(self.error[self.inside]).mean())
        self.p90_pct = 100.0 * float(np.quantile(np.abs(self.error[self.inside]), 0.9))
        self.over = np.minimum(found.bound_kw, top) > OPTIMISTIC * np.maximum(truth, NOTHING_KW)
        self.judged = domain
        self.optimistic_pct = 100.0 * float(self.over[domain].mean())
        self.verdict = OK if self.optimistic_pct <= 100.0 * share else REFUSED

    def rows(self) -> Iterator[Insight]:
        """The scores as insights: of all feeders together, and of each."""
        i, names = self.inside, self.model.feeders
        rank = pd.Series(self.found.kw[i]).corr(pd.Series(self.truth[i]), method="spearman")
        shifted = "the formula times its median ratio" if self.model.shift else "the formula as it is"
        means = "trees on the formula" if self.model.trees is not None else shifted
        by = f"each of {len(names)} feeders left out in turn, {int(i.sum())} sites inside of the domain"
        formula = 100.0 * float(np.abs(self.at.formula_kw[i] / self.truth[i] - 1.0).mean())
        refused = (
            ""
            if self.verdict == OK
            else f"; above the {100 * self.share:g} % that the study allows: nothing is answered"
        )
        cells = [Cell("formula", name, "hc_kw") for name in names[:3]]
        same: dict[str, Any] = {"module": MODULE, "kind": "model", "evidence": cells}
        over = 100.0 * float((self.error[i] > OPTIMISTIC - 1.0).mean())
        slack = 100.0 * float((1.0 - self.found.bound_kw[i] / self.truth[i]).mean())
        yield Insight(metric="mape_pct", value=self.mape_pct, unit="%", text=f"mean error of {means}; {by}; of the "
                      f"formula alone {formula:.2f} %", **same)  # fmt: skip
        besides = int((self.judged & ~self.learned).sum())
        more = f" and {besides} without a capacity between nothing and the largest plant" if besides else ""
        text = f"share of lower bounds more than 5 % above what was found; {by}{more}{refused}"
        yield Insight(metric="optimistic_bound_pct", value=self.optimistic_pct, unit="%", verdict=self.verdict,
                      text=text, **same)  # fmt: skip
        yield Insight(metric="optimistic_point_pct", value=over, unit="%",
                      text=f"share of point answers more than 5 % above what was found; {by}", **same)  # fmt: skip
        yield Insight(metric="bound_slack_pct", value=slack, unit="%",
                      text="mean distance of the lower bound below what was found", **same)  # fmt: skip
        yield Insight(metric="p95_error_pct", value=100.0 * float(np.quantile(np.abs(self.error[i]), 0.95)), unit="%",
                      text=f"error that 5 % of answers exceed; {by}", **same)  # fmt: skip
        yield Insight(metric="rank_correlation", value=float(rank), text=f"Spearman; {by}", **same)
        out = 100.0 * float((~self.found.inside[self.learned]).mean())
        yield Insight(metric="out_of_domain_pct", value=out, unit="%",
                      text="share of sites of feeders that were left out which the model refuses", **same)  # fmt: skip
        for name in names:
            own = (self.at.feeder == name) & self.learned
            error = 100.0 * float(np.abs(self.error[own]).mean())
            text = f"mean error on its {int(own.sum())} sites by a model that has not seen the feeder; optimistic " \
                   f"bounds {100.0 * float(self.over[own].mean()):.1f} %"  # fmt: skip
            yield Insight(MODULE, "mape_pct", error, "%", text, feeder=name, evidence=[Cell("formula", name, "hc_kw")])


def _answers(known: pd.DataFrame, model: Model, score: _Score) -> pd.DataFrame:
    at = capacity_model.sites(known)
    kw, bound = model.predict(at)
    top = known["top_kw"].to_numpy(np.float64)
    out = model.outside(at.x)
    reasons = [reason(model, at.x[n], int(i)) for n, i in enumerate(out)]
    if score.verdict == REFUSED:
        reasons = [f"lower bounds were optimistic on {score.optimistic_pct:.1f} % of left-out sites"] * len(out)
    found = known[KEY].copy()
    found["kw"], found["bound_kw"] = np.minimum(kw, top), np.minimum(bound, top)
    found["at_least"] = bound >= top
    found["limiting_term"] = known["formula_term"]
    found["hc_kw"] = known["hc_kw"]
    found["verdict"] = [REFUSED if r else OK for r in reasons]
    found["reason"] = reasons
    return found.to_dict("list")  # type: ignore[no-any-return,unused-ignore]


def reason(model: Model, x: Real, at: int) -> str:
    """Why a site is out of the domain, by the number of its first feature that is; empty where none is."""
    if at < 0:
        return ""
    return f"{FEATURES[at]} is {x[at]:.3g}, learned from {model.low[at]:.3g} to {model.high[at]:.3g}"
