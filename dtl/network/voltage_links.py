"""What the voltages of meters say of the transformers that they hang on.

Meters of one transformer see one voltage, save for the drop in their own service. So the changes of a meter's voltage
are explained, beyond what the whole feeder does and beyond its own load, by the voltage that the other meters of its
transformer have and by the load that they draw through it [1]_, [2]_. Each candidate is scored by how much it explains:
``g`` of the meter's changes by the others of the candidate, ``h`` of the others' by the meter's load, both as gains of a
log likelihood. With distance, record and the emptiness of a candidate they make its probability (`WEIGHTS`).

References
----------
.. [1] W. Luan, J. Peng, M. Maras, J. Lo, B. Harapnuk, Smart meter data analytics for distribution network connectivity
   verification, IEEE Transactions on Smart Grid 6 (4), 2015.
.. [2] L. Blakely, M. Reno, Identification and correction of errors in pairing AMI meters and transformers, IEEE PECI,
   2021.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LOST = 0.5
"""A voltage below this share of the meter's median is no supply, not a voltage."""
CLIP = 6.0
"""Changes beyond so many robust standard deviations of a meter are cut to it: switching and faults say nothing."""
COMMON = 3
"""Common movements that are taken out: about one per phase."""
ROUNDS = 4
"""Times that the members of the transformers are weighed anew."""
FEWEST = 96
"""A meter with fewer changes of voltage than this is not judged."""
CHUNK = 200_000
"""Most pairs that are solved at a time."""


@dataclass(frozen=True)
class Moves:
    """Changes of voltage and of load from interval to interval, without what all meters share; shape (meters, steps)."""

    volts: Floats
    """Changes of voltage as a share of the meter's median; zero where unknown."""
    load: Floats
    """Changes of the load [kW]; zero where unknown."""
    count: Ints
    """Known changes of voltage by meter."""


def moves(volts: Floats, kw: Floats) -> Moves:
    """The movements of meters, given voltages [V] and loads [kW] with nan for gaps, both of shape (meters, steps)."""
    middle = _median(volts)
    pu = np.where(volts > LOST * middle, volts, np.nan) / middle
    dv, dp = _changes(pu), _changes(kw)
    count = np.isfinite(dv).sum(axis=1)
    known = np.isfinite(dv)
    dv, dp = _cut(dv), np.where(np.isfinite(dp), dp, 0.0)
    shared = _shared(dv[count >= FEWEST])
    return Moves(_without(dv, shared) * known, _without(dp, shared), count)


def _median(values: Floats) -> Floats:
    empty = ~np.isfinite(values).any(axis=1)
    filled = np.where(empty[:, None], 1.0, values)
    return np.maximum(np.nanmedian(filled, axis=1, keepdims=True), 1e-6)


def _changes(values: Floats) -> Floats:
    return np.diff(values, axis=1)


def _cut(changes: Floats) -> Floats:
    empty = ~np.isfinite(changes).any(axis=1)
    scale = 1.4826 * np.nanmedian(np.abs(np.where(empty[:, None], 0.0, changes)), axis=1, keepdims=True)
    most = CLIP * np.maximum(scale, 1e-9)
    return np.where(np.isfinite(changes), np.clip(changes, -most, most), 0.0)


def _shared(changes: Floats) -> Floats:
    """Orthonormal movements that most meters share, shape (k, steps)."""
    k = min(COMMON, len(changes) // 8)
    if k == 0:
        return np.zeros((0, changes.shape[1]))
    size = np.linalg.norm(changes, axis=1, keepdims=True)
    scaled = changes / np.maximum(size, 1e-12)
    _, vectors = np.linalg.eigh(scaled @ scaled.T)
    found = vectors[:, -k:].T @ scaled
    return np.asarray(np.linalg.qr(found.T)[0].T, np.float64)


def _without(values: Floats, shared: Floats) -> Floats:
    return np.asarray(values - (values @ shared.T) @ shared, np.float64)


@dataclass(frozen=True)
class Evidence:
    """What the voltages say of each pair of meter and candidate, all of shape (meters, candidates)."""

    gain: Floats
    """Gain of log likelihood of the meter's voltage by the others' voltage and load."""
    answer: Floats
    """Gain of log likelihood of the others' voltage by the meter's load; negative where the sign is wrong."""
    others: Floats
    """Number of other meters with voltages at the candidate, as weighed."""


def evidence(move: Moves, index: Ints, members: Floats) -> Evidence:
    """The evidence about candidates `index` (-1 for none), with `members` the weight of each meter at each transformer.

    ``members`` has the shape (meters, transformers); a meter never speaks for itself.
    """
    good = move.count >= FEWEST
    weight = members * good[:, None]
    r, q = move.volts, move.load
    row = np.arange(len(index))[:, None]
    n, own = weight.sum(axis=0)[index], weight[row, index]
    rest = np.maximum(n - own, 0.0)
    there = (index >= 0) & (rest > 0.3) & good[:, None]
    sum_r, sum_q = weight.T @ r, weight.T @ q
    rr, qq, rq = (r * r).sum(1)[:, None], (q * q).sum(1)[:, None], (r * q).sum(1)[:, None]
    dot = {a + b: (x @ y.T)[row, index] for a, x in (("r", r), ("q", q)) for b, y in (("R", sum_r), ("Q", sum_q))}
    big_rr, big_qq, big_rq = ((x * y).sum(1)[index] for x, y in ((sum_r, sum_r), (sum_q, sum_q), (sum_r, sum_q)))
    rm, rs = dot["rR"] - own * rr, dot["rQ"] - own * rq
    qm, qs = dot["qR"] - own * rq, dot["qQ"] - own * qq
    mm = big_rr - 2.0 * own * dot["rR"] + own**2 * rr
    ss = big_qq - 2.0 * own * dot["qQ"] + own**2 * qq
    ms = big_rq - own * (dot["rQ"] + dot["qR"]) + own**2 * rq
    count = np.broadcast_to(move.count[:, None], index.shape).astype(float)
    gain = _gain(_gram(rr, (qq, qm, qs, mm, ms, ss), (rq, rm, rs)), 1, count)
    answer = _gain(_gram(mm, (ss, qs, 0.0 * ss, qq, 0.0 * ss, 0.0 * ss), (ms, qm, 0.0 * ss)), 1, count)
    falls = qm * ss - ms * qs <= 0.0
    return Evidence(
        np.where(there, gain, 0.0), np.where(there, np.where(falls, answer, -answer), 0.0), np.where(there, rest, 0.0)
    )


def _gram(
    own: Floats, upper: tuple[Floats, Floats, Floats, Floats, Floats, Floats], with_own: tuple[Floats, Floats, Floats]
) -> tuple[Floats, Floats, Floats]:
    """Sum of squares of a series, the matrix of its three regressors and their products with it."""
    a, b, c, d, e, f = np.broadcast_arrays(*upper)
    matrix = np.stack([np.stack([a, b, c], -1), np.stack([b, d, e], -1), np.stack([c, e, f], -1)], -2)
    aside = np.stack(np.broadcast_arrays(*with_own), -1)
    return np.broadcast_to(own, aside.shape[:-1]), matrix, aside


def _gain(gram: tuple[Floats, Floats, Floats], base: int, count: Floats) -> Floats:
    """Half the count times the log ratio of the squares left by the first `base` regressors, to those left by all."""
    own, matrix, aside = gram
    size = np.sqrt(np.maximum(np.einsum("...ii->...i", matrix), 1e-18))
    scaled = matrix / size[..., :, None] / size[..., None, :] + 1e-6 * np.eye(matrix.shape[-1])
    right = aside / size
    told = np.linalg.solve(scaled, right[..., None])[..., 0]
    few = np.linalg.solve(scaled[..., :base, :base], right[..., :base, None])[..., 0]
    left = np.maximum(own - (told * right).sum(-1), 1e-6 * own + 1e-18)
    before = np.maximum(own - (few * right[..., :base]).sum(-1), left)
    return np.asarray(0.5 * count * np.log(before / left), np.float64)
