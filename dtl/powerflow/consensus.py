"""The second opinion on balanced radial feeders: the radial sweep, which shares nothing with OpenDSS but the data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dtl.errors import SolveError
from dtl.network.feeder import Feeder
from dtl.powerflow import names
from dtl.powerflow.balanced import balanced
from dtl.powerflow.balanced_year import BalancedYear, radial_tree
from dtl.powerflow.batch import BatchYear
from dtl.powerflow.radial import sweep

Ints = NDArray[np.int64]


def second_opinion(feeder: Feeder, year: BatchYear, hours: Ints) -> float | None:
    """Largest difference of a bus voltage between the radial sweep and the batch engine [pu].

    None where the feeder is no balanced tree, where voltages leave the limits within which power is constant, and where
    the year is the sweep's own.
    """
    if isinstance(year, BalancedYear):
        return None
    try:
        model = balanced(feeder)
        network = radial_tree(model)
    except SolveError:
        return None
    owners, loads = year.batch.ports.owners, year.batch.ports.loads
    kw, kvar = (model.drawn(owners, loads, own) for own in year.powers(hours))
    referred = sweep(network, kw, kvar, model.head_kv)
    if model.beyond(feeder, owners, referred) is not None:
        return None
    theirs = np.abs(referred[1:]) * model.turns[1:, None]
    volts = np.abs(year.voltages(hours)) * 1e-3
    at = [[year.circuit.node[f"{names.spelled(b)}.{n}"] for n in (1, 2, 3)] for b in model.buses[1:]]
    base = np.array([feeder.bus[b].kv_ln for b in model.buses[1:]])[:, None, None]
    return float(np.abs(volts[at] / base - theirs[:, None, :] / 3**0.5 / base).max())
