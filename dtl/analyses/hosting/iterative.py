"""The method ``iterative``: bus by bus, a plant grows step by step until a criterion fails in a judged hour.

It answers the question of the integration capacity analysis of the Californian utilities; bisection finds the step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dtl.analyses.hosting.answers import Row, rows
from dtl.analyses.hosting.case import Case
from dtl.analyses.hosting.placements import Shared, Single
from dtl.analyses.hosting.search import search
from dtl.analyses.hosting.sites import Of


def iterative(case: Case, words: Mapping[str, Any], of: Of) -> list[Row]:
    """The rows of the method for one kind of plant."""
    step = words["tolerance_kw"]
    grid = case.grid(of)
    most = int(case.words["up_to_kw"] // step)
    placements = Single(np.arange(len(grid.places)), len(grid.places), step, np.full(len(grid.places), most, np.int64))
    begun = grid.solves
    found = search(grid, placements)
    solves = grid.solves - begun
    made = []
    for i, place in enumerate(grid.places):
        about = {"mode": "single", "bus": place.bus, "phases": place.label, "kv_ll": place.kv_ll, "solves": solves}
        made += rows(grid, placements, found, i, case.words, about)
    if words["distributed"] and case.customers:
        made += _distributed(case, step, most, of)
    return made


def _distributed(case: Case, step: float, most: int, of: Of) -> list[Row]:
    """Plants at all customers at once, in proportion to the energy of their load."""
    grid = case.customer_grid(of)
    share = case.energy_share()
    placements = Shared(share, step, np.array([most], np.int64))
    begun = grid.solves
    found = search(grid, placements)
    about = {"mode": "distributed", "bus": "", "phases": "", "kv_ll": None, "solves": grid.solves - begun}
    return rows(grid, placements, found, 0, case.words, about)
