"""A surrogate with trees over made-up sites, for what must be said twice: in Python and in the browser."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dtl.learning import capacity_model


def grown(sites: int) -> tuple[capacity_model.Model, pd.DataFrame]:
    """A model with trees, and sites; what they say is of no matter, only that it is said twice."""
    rng = np.random.default_rng(3)
    kw = rng.lognormal(4.0, 1.5, (sites, 3))
    frame = pd.DataFrame(kw, columns=["voltage_kw", "thermal_kw", "other_kw"]).assign(
        formula_kw=kw.min(axis=1), formula_term=[capacity_model.TERMS[i] for i in kw.argmin(axis=1)],
        base_pu=rng.uniform(0.97, 1.04, sites), limit_pu=1.05, rise_pu=rng.uniform(0, 0.4, sites),
        own_r=rng.uniform(0, 0.5, sites), own_x=rng.uniform(0, 0.9, sites), drop_pu=rng.uniform(-0.01, 0.08, sites),
        load_kw=rng.normal(300, 500, sites), wires=rng.integers(1, 4, sites),
        kv_ll=rng.choice([0.4, 4.16, 12.47], sites),
        of=rng.choice(["generation", "load"], sites), top_kw=5000.0, feeder=[f"F{i % 6}" for i in range(sites)],
    )  # fmt: skip
    at = capacity_model.sites(frame)
    ratio = 0.3 * at.x[:, 5] * np.sin(20 * at.x[:, 3]) + 0.1 * at.x[:, 9]
    model = capacity_model.fit(at, ratio, 0.05, 0)
    assert model.trees is not None
    return model, frame
