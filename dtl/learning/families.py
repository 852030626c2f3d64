"""Families: few unions of archetypes, for a reader who wants the rough picture first.

Ward's method [1]_ on standardised curves shows what many archetypes share, where their local metric tells them apart.
An archetype goes as a whole to the family in which most of its members are, so that both levels nest.

References
----------
.. [1] J. H. Ward, Hierarchical grouping to optimize an objective function, JASA 58 (1963) 236-244.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from dtl.learning.archetypes import MOST_CURVES, Array, least, standard

MOST = 5
"""More families than this are no rough picture."""


def families(
    curves: Array, archetype: NDArray[np.int64], number: int | None = None, seed: int = 0
) -> NDArray[np.int64]:
    """Family of each archetype, shape (archetypes,); families are numbered from 0 by falling size.

    ``curves`` of shape (n, steps) in any unit; ``archetype`` of each curve, -1 for a curve without shape; at most
    ``number`` families, or as the rule of `dtl.learning.archetypes.least` finds among 2 to `MOST`.
    """
    own = np.flatnonzero(archetype >= 0)
    rng = np.random.default_rng(seed)
    core = own if len(own) <= MOST_CURVES else np.sort(rng.choice(own, MOST_CURVES, replace=False))
    with threadpool_limits(1):
        points, everyone = standard(np.asarray(curves[core], float)), standard(np.asarray(curves[own], float))
        tree = linkage(points, "ward")
        found = fcluster(tree, number or least(points, tree, MOST), "maxclust") - 1
        means = np.stack([points[found == f].mean(0) for f in range(found.max() + 1)])
        near = found if len(core) == len(own) else ((means**2).sum(1) - 2 * everyone @ means.T).argmin(1)
    votes = np.zeros((int(archetype.max()) + 1, len(means)), np.int64)
    np.add.at(votes, (archetype[own], near), 1)
    most = votes.argmax(1)
    family, _ = pd.factorize(most)
    size = np.bincount(family, votes.sum(1))
    return np.asarray(np.argsort(np.argsort(-size, kind="stable"))[family], np.int64)
