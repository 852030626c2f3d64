"""Loads that are alike: curves of day types as shapes and ramps, Ward's method in a local metric, the number by a rule.

A curve is normalised by its mean and deviation; its ramps stand beside it. Differences between nearest neighbours tell
which directions are noise and shrink them (relevant components [1]_, neighbours in place of labels). Ward's tree is cut
at the least number of groups whose silhouette is within one standard error of the best [2]_. Dynamic time warping with
barycentres [3]_ is tried as well and taken where its groups are clearer and as stable.

References
----------
.. [1] A. Bar-Hillel et al., Learning a Mahalanobis metric from equivalence constraints, JMLR 6 (2005) 937-965.
.. [2] P. J. Rousseeuw, Silhouettes, J. Computational and Applied Mathematics 20 (1987) 53-65.
.. [3] F. Petitjean, A. Ketterlin, P. Gancarski, A global averaging method for dynamic time warping (2011).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.metrics import adjusted_rand_score, silhouette_samples  # type: ignore[import-untyped]
from sklearn.neighbors import NearestNeighbors  # type: ignore[import-untyped]
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
from tslearn.clustering import TimeSeriesKMeans  # type: ignore[import-untyped]
from tslearn.metrics import cdist_dtw  # type: ignore[import-untyped]

from dtl.learning.insight import NotEnough
from dtl.plural import many

Array = NDArray[np.float64]

LEAST = 6
MOST = 40
NEIGHBOURS, SHRINK, DIRECTIONS = 4, 0.1, 30
RAMPS = 0.7
"""Weight of ramps beside shapes."""
MOST_CURVES = 3000
REFITS = 20
DTW_CURVES, DTW_GROUPS = 150, 8
"""Largest case in which time warping is tried: it costs hundreds of times as much."""
RADIUS = 2
"""Furthest that a step may be warped: two customers who are an hour early and an hour late are two apart."""
WINS = 0.05
"""How much clearer its groups must be (silhouette), and how much less stable they may be."""
UNSTABLE = 0.8


@dataclass(frozen=True)
class Groups:
    """Curves by group; groups are numbered from 0 by falling size."""

    label: NDArray[np.int64]
    """Group of each curve; -1 for a curve without shape (missing or constant)."""
    silhouette: float
    stability: float
    """Mean adjusted Rand index between the groups and those of refits on resampled curves."""
    metric: str
    """shape | dtw."""


def group(curves: Array, number: int | None = None, seed: int = 0) -> Groups | NotEnough:
    """Group curves, shape (n, steps), in any unit; ``number`` of groups, or by the rule."""
    curves = np.asarray(curves, float)
    with np.errstate(invalid="ignore"):
        usable = np.asarray(np.ptp(curves, axis=1) > 1e-9 * np.abs(curves).max(1, initial=1e-300), bool)
    if usable.sum() < max(LEAST, 2 * (number or 1)):
        return NotEnough(
            f"{many(int(usable.sum()), 'curves have a shape')}, {max(LEAST, 2 * (number or 1))} are needed"
        )
    own = np.flatnonzero(usable)
    rng = np.random.default_rng(seed)
    core = own if len(own) <= MOST_CURVES else np.sort(rng.choice(own, MOST_CURVES, replace=False))
    with threadpool_limits(1):
        points, centre = metric(features(curves[core]), features(curves[own]))
        if float(np.ptp(points, axis=0).max()) < 1e-9:
            return NotEnough("all curves have the same shape")
        tree = linkage(points, "ward")
        wanted = number or least(points, tree, MOST)
        found = fcluster(tree, wanted, "maxclust") - 1
        width = float(silhouette_samples(points, found).mean()) if found.max() > 0 else 0.0
        stable, kind = _stability(points, found, wanted, rng), "shape"
        if len(core) <= DTW_CURVES and wanted <= DTW_GROUPS:
            plain = float(silhouette_samples(standard(curves[core]), found).mean())
            warped, warped_width, warped_stable = _warped(curves[core], wanted, seed)
            if warped_width > plain + WINS and warped_stable > stable - WINS:
                found, width, stable, kind = warped, warped_width, warped_stable, "dtw"
        means = np.stack([points[found == g].mean(0) for g in np.unique(found)])
        near = ((centre[:, None, :] - means) ** 2).sum(2).argmin(1)
    nearest = near if len(core) < len(own) else np.unique(found, return_inverse=True)[1]
    order = np.argsort(-np.bincount(nearest), kind="stable")
    label = np.full(len(curves), -1)
    label[own] = np.argsort(order)[nearest]
    return Groups(label, width, stable, kind)


def features(curves: Array) -> Array:
    """Shapes and their ramps, each of mean 0 and deviation 1."""
    return np.hstack([standard(curves), RAMPS * standard(np.diff(curves, axis=1))])


def standard(values: Array) -> Array:
    """Each row with mean 0 and deviation 1; a constant row is zero."""
    deviation = values.std(1, keepdims=True)
    return np.asarray((values - values.mean(1, keepdims=True)) / np.where(deviation > 0, deviation, 1.0))


def metric(core: Array, others: Array) -> tuple[Array, Array]:
    """Both sets of rows in the local metric of the first."""
    centre = core.mean(0)
    left, size, axes = np.linalg.svd(core - centre, full_matrices=False)
    keep = min(DIRECTIONS, int((size > 1e-9 * max(size[0], 1e-300)).sum()) or 1)
    points = left[:, :keep] * size[:keep]
    near = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(core) - 1) + 1, n_jobs=1).fit(points)
    apart = (points[:, None] - points[near.kneighbors(return_distance=False)[:, :NEIGHBOURS]]).reshape(-1, keep)
    scatter = apart.T @ apart / len(apart)
    scatter = (1 - SHRINK) * scatter + (SHRINK * np.trace(scatter) / keep + 1e-12) * np.eye(keep)
    values, vectors = np.linalg.eigh(scatter)
    change = vectors / np.sqrt(values)
    return points @ change, (others - centre) @ axes[:keep].T @ change


def least(points: Array, tree: Array, most: int) -> int:
    """Least number of groups, of 2 to ``most``, whose silhouettes are within one standard error of the best's."""
    widths: dict[int, Array] = {}
    for k in range(2, min(most, len(points) // 2) + 1):
        found = fcluster(tree, k, "maxclust")
        if len(np.unique(found)) > 1:
            widths[k] = silhouette_samples(points, found)
    best = max(widths, key=lambda k: float(widths[k].mean()))
    short = {k: widths[best] - w for k, w in widths.items()}
    return min(k for k, s in short.items() if s.mean() <= s.std() / np.sqrt(len(s)))


def _stability(points: Array, found: NDArray[np.int64], number: int, rng: np.random.Generator) -> float:
    scores = []
    for _ in range(REFITS):
        part = np.sort(rng.choice(len(points), max(4 * len(points) // 5, 2), replace=False))
        again = fcluster(linkage(points[part], "ward"), number, "maxclust")
        scores.append(adjusted_rand_score(found[part], again))
    return float(np.mean(scores))


def _warped(curves: Array, number: int, seed: int) -> tuple[NDArray[np.int64], float, float]:
    """Groups by time warping, their silhouette, and the agreement of refits from other seeds."""
    shapes = standard(curves)[:, :, None]
    runs = [
        TimeSeriesKMeans(
            number,
            metric="dtw",
            metric_params={"global_constraint": "sakoe_chiba", "sakoe_chiba_radius": RADIUS},
            max_iter=10,
            n_init=1,
            n_jobs=1,
            random_state=seed + k,
        ).fit_predict(shapes)
        for k in range(3)
    ]
    agreement = [adjusted_rand_score(runs[0], run) for run in runs[1:]]
    if len(np.unique(runs[0])) < 2:
        return np.asarray(runs[0], np.int64), -1.0, 0.0
    apart = cdist_dtw(shapes, global_constraint="sakoe_chiba", sakoe_chiba_radius=RADIUS, n_jobs=1)
    width = float(silhouette_samples(apart, runs[0], metric="precomputed").mean())
    return np.asarray(runs[0], np.int64), width, float(np.mean(agreement))
