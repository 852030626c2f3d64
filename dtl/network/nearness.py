"""How probable each transformer near a meter is, by distance and phase, of all meters jointly.

Five things are learnt from the data themselves: how far meters stand from their transformers (a mixture of round
normal distributions of all widths, so that surveyed and roughly geocoded meters are both met), how often a recorded
phase is wrong, how often a transformer of several phases serves a meter of fewer, how many meters a transformer serves
by what is known of it (`dtl.network.expected`), and which transformers would be left without any meter. The last one
ties the meters together: a transformer that nobody else wants is more probable for the meter beside it; so do
addresses, whose meters are fed from one place (`dtl.network.addresses`). The joint probability is found by belief
propagation [1]_, whose messages cost one pass over the pairs of meters and candidates.

References
----------
.. [1] F. Kschischang, B. Frey, H.-A. Loeliger, Factor graphs and the sum-product algorithm, IEEE Transactions on
   Information Theory 47 (2), 2001.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dtl.network.addresses import Together, addresses, middles
from dtl.network.expected import EMPTY, Expected

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ROUNDS = 60
"""Rounds of messages; the widths and the share of wrong phases are learnt anew in each."""
DAMPING = 0.5
"""Share of the old message that is kept, so that messages between two meters do not swing."""
WIDTHS = 24
"""Number of widths of the mixture, evenly spaced in their logarithm."""
WRONG_PHASE = (1.0, 200.0)
"""Wrong and all phases that are believed to have been seen beforehand."""
FEWER = (1.0, 2.0)
"""Meters of fewer phases than their transformer of several, and all its meters, believed to have been seen before."""
SPARE, NEXT = 3, 2
"""So many times the candidates are looked up, so that those of the right phase are among them; and so many of the
nearest stay whatever their phase is, since phases can be wrong, or mean the legs of a service."""
UNCLAIMED = 3
"""So many transformers that are nobody's nearest of the right phase are candidates of each meter."""
RECORD = 0.95
"""Probability of a recorded transformer before place and phase have spoken."""
UNKNOWN, WRONG, ALONE, WHOLE, PART = -1, 0, 1, 2, 3
"""How phases fit: either is unknown; the meter has another; both have the one; both have all; the meter has some."""
TINY = 1e-12


@dataclass(frozen=True)
class Candidates:
    """Transformers that a meter may belong to; all arrays have the shape (meters, candidates).

    At most as many as were asked for, and `UNCLAIMED` that are nobody's first."""

    index: Ints
    """Number of the transformer; -1 where there are no more."""
    distance: Floats
    """Distance, in the unit of the coordinates; infinite where there are no more."""
    probability: Floats
    """Probability; a row sums to one, or to zero where no transformer is near enough."""


def nearness(
    meters: Floats,
    transformers: Floats,
    meter_phases: NDArray[np.uint8],
    transformer_phases: NDArray[np.uint8],
    count: int,
    most: float = np.inf,
    known: Ints | None = None,
    traits: Floats | None = None,
    recorded: Ints | None = None,
    address: NDArray[np.object_] | None = None,
) -> Candidates:
    """The probable transformers of each meter.

    Parameters
    ----------
    meters, transformers
        Plane coordinates, shape (n, 2), in one unit; nan where there is no place.
    meter_phases, transformer_phases
        Phases as bits (A 1, B 2, C 4); 0 where unknown.
    count
        Candidates of each meter, those that nobody is nearest to not counted.
    most
        Greatest distance of a candidate, in the unit of the coordinates.
    known
        Transformers of further meters that are settled already: these are not empty.
    traits
        What is known of each transformer, as `dtl.network.expected.traits` gives it; all are alike where it is missing.
    recorded
        Number of the transformer that is recorded for each meter, -1 where none is: what is learnt, is learnt from
        these meters too.
    address
        The address of each meter as recorded, empty where none is; meters of equal coordinates have one without it.
    """
    house = addresses(meters, address)
    middle = middles(meters, house)
    index, distance = _near(meters, middle, transformers, count * SPARE, most)
    wrong = _fits(meter_phases, transformer_phases, index) == WRONG
    ahead = np.argsort(wrong & (np.arange(index.shape[1]) >= NEXT), axis=1, kind="stable")[:, :count]
    index, distance = np.take_along_axis(index, ahead, axis=1), np.take_along_axis(distance, ahead, axis=1)
    kept = np.zeros(len(transformers), bool)
    if known is not None:
        kept[known] = True
    right = _fits(meter_phases, transformer_phases, index) != WRONG
    index, distance = _with_unclaimed(index, distance, right, meters, middle, transformers, kept, most)
    said = np.full(len(meters), -1) if recorded is None else recorded
    index, distance = _with_recorded(index, distance, said, meters, transformers)
    fits = _fits(meter_phases, transformer_phases, index)
    share = _shares(meter_phases, transformer_phases, index, fits)
    other = (1.0 - RECORD) / max(count - 1, 1)
    share *= np.where(said[:, None] < 0, 1.0, np.where(index == said[:, None], RECORD, other))
    expected = Expected(np.zeros((len(transformers), 0)) if traits is None else traits)
    together = Together(index, meters, transformers, house)
    return Candidates(index, distance, _joint(index, distance, fits, share, kept, expected, together))


def bits(phases: NDArray[np.object_]) -> NDArray[np.uint8]:
    """Phases as bits: A 1, B 2, C 4; 0 where unknown."""
    names, where = np.unique(phases.astype(str), return_inverse=True)
    value = [sum(bit for bit, letter in ((1, "A"), (2, "B"), (4, "C")) if letter in n.upper()) for n in names]
    return np.array(value, np.uint8)[where.reshape(-1)]


def _near(meters: Floats, middle: Floats, transformers: Floats, count: int, most: float) -> tuple[Ints, Floats]:
    """The transformers nearest to the middle of each meter's address, and how far they are from the meter."""
    index = np.full((len(meters), count), -1, np.int64)
    distance = np.full((len(meters), count), np.inf)
    rows = np.flatnonzero(np.isfinite(meters).all(axis=1))
    placed = np.flatnonzero(np.isfinite(transformers).all(axis=1))
    if len(rows) and len(placed):
        k = min(count, len(placed))
        far, near = cKDTree(transformers[placed]).query(middle[rows], k=k, distance_upper_bound=most)
        far, near = far.reshape(len(rows), k), near.reshape(len(rows), k)
        found = np.where(np.isfinite(far), np.append(placed, -1)[near], -1)
        aside = meters[rows][:, None] - transformers[found]
        distance[rows, :k] = np.where(found >= 0, np.hypot(aside[..., 0], aside[..., 1]), np.inf)
        index[rows, :k] = found
    return index, distance


def _with_unclaimed(
    index: Ints,
    distance: Floats,
    right: NDArray[np.bool_],
    meters: Floats,
    middle: Floats,
    transformers: Floats,
    kept: NDArray[np.bool_],
    most: float,
) -> tuple[Ints, Floats]:
    """Candidates, and the nearest of the transformers that are no meter's first one, however many stand between.

    A meter that is drawn far from its place leaves its transformer without one.
    """
    claimed = kept.copy()
    first = index[np.arange(len(index)), np.argmax(right & (index >= 0), axis=1)]
    claimed[first[first >= 0]] = True
    left = np.flatnonzero(~claimed)
    near, _ = _near(meters, middle, transformers[left], UNCLAIMED, most)
    unit = np.append(left, -1)[near]
    unit[(unit[:, :, None] == index[:, None, :]).any(axis=2)] = -1
    aside = meters[:, None] - np.append(transformers, [[np.nan, np.nan]], axis=0)[unit]
    far = np.where(unit >= 0, np.hypot(aside[..., 0], aside[..., 1]), np.inf)
    index, distance = np.concatenate([index, unit], axis=1), np.concatenate([distance, far], axis=1)
    # One place more than the most that any meter has: a recorded transformer takes the last one.
    width = int((index >= 0).sum(axis=1).max(initial=0)) + 1
    first = np.argsort(index < 0, axis=1, kind="stable")[:, :width]
    return np.take_along_axis(index, first, axis=1), np.take_along_axis(distance, first, axis=1)


def _with_recorded(
    index: Ints, distance: Floats, recorded: Ints, meters: Floats, transformers: Floats
) -> tuple[Ints, Floats]:
    """Candidates among which is the recorded transformer, in the place of the last one, where both have a place."""
    far = np.hypot(*(meters - np.append(transformers, [[np.nan, np.nan]], axis=0)[recorded]).T)
    rows = np.flatnonzero((recorded >= 0) & np.isfinite(far) & (index != recorded[:, None]).all(axis=1))
    index[rows, -1], distance[rows, -1] = recorded[rows], far[rows]
    return index, distance


def _fits(meter: NDArray[np.uint8], transformer: NDArray[np.uint8], index: Ints) -> NDArray[np.int8]:
    """How the phases of the meter fit those of the transformer, for each pair."""
    there = np.append(transformer, 0)[index].astype(np.uint8)
    own = np.broadcast_to(meter[:, None], there.shape)
    cases = [(own == 0) | (there == 0), (own & ~there) != 0, (there & (there - 1)) == 0, own == there]
    return np.asarray(np.select(cases, [UNKNOWN, WRONG, ALONE, WHOLE], PART), np.int8)


def _shares(meter: NDArray[np.uint8], transformer: NDArray[np.uint8], index: Ints, fits: NDArray[np.int8]) -> Floats:
    """Probability of just these phases of the meter among those that fit as well.

    One phase of a transformer of several is as likely as the next; below a transformer of unknown phases the meters
    have the phases that all meters have.
    """
    known = np.bincount(meter[meter != 0], minlength=256)
    usual = np.where(meter == 0, 1.0, known[meter] / max(int(known.sum()), 1))
    several = np.maximum(np.bitwise_count(np.append(transformer, 0)[index].astype(np.uint8)), 1)
    return np.select(
        [fits == UNKNOWN, fits == PART], [np.broadcast_to(usual[:, None], index.shape), 1.0 / several], 1.0
    )


def _joint(
    index: Ints,
    distance: Floats,
    fits: NDArray[np.int8],
    share: Floats,
    kept: NDArray[np.bool_],
    expected: Expected,
    together: Together,
) -> Floats:
    """Marginal probabilities by belief propagation; widths, phases and expected numbers are learnt on the way.

    A transformer with any number of meters has the weight of its rate for each address of them.
    """
    real = index >= 0
    if not real.any():
        return np.zeros(index.shape)
    density = _densities(distance, real)
    weight = np.full(density.shape[-1], 1.0 / density.shape[-1])
    wrong, fewer = WRONG_PHASE[0] / WRONG_PHASE[1], FEWER[0] / FEWER[1]
    push = np.zeros(index.shape)
    belief = real / np.maximum(real.sum(axis=1, keepdims=True), 1)
    for _ in range(ROUNDS):
        right = 1.0 - wrong
        # The last one is that of UNKNOWN, -1.
        agree = share * np.array([wrong, right, right * (1.0 - fewer), right * fewer, 1.0])[fits]
        far, own = density @ weight, agree * expected.rate[index] ** together.part
        held = together.belief(far, own * np.exp(push))
        push = DAMPING * push + (1.0 - DAMPING) * _wanted(index, held, push, real, kept)
        belief = together.belief(far, own * np.exp(push))
        weight = _widths(density, weight, belief)
        wrong, fewer = _phases(fits, belief)
        expected.learn(np.bincount(index[real], (belief * together.part)[real], minlength=len(kept)).astype(np.float64))
    return np.asarray(belief)


def _densities(distance: Floats, real: NDArray[np.bool_]) -> Floats:
    """Density of each pair under each width of the mixture, shape (meters, candidates, widths)."""
    first = distance[:, 0][real[:, 0]]
    positive = distance[real & (distance > 0.0)]
    low = max(float(np.quantile(first, 0.05)), float(positive.min(initial=np.inf)) if len(positive) else 1.0, TINY)
    high = max(float(distance[real].max()), 4.0 * low)
    if not np.isfinite(low):
        low = high = 1.0
    width = np.geomspace(low, high, WIDTHS)
    square = np.where(real, distance, 0.0)[..., None] ** 2
    return np.asarray(np.exp(-0.5 * square / width**2) / width**2 * low**2, np.float64)


def _wanted(index: Ints, held: Floats, push: Floats, real: NDArray[np.bool_], kept: NDArray[np.bool_]) -> Floats:
    """The message of each transformer to each meter: how much it lacks one, as a log ratio.

    A transformer has weight 1 with any number of meters and `EMPTY` with none. The ratio for a meter is then
    1 / (1 - (1 - EMPTY) p), with p the probability that no other meter is there.
    """
    # What a meter tells a transformer must not hold what that transformer told the meter.
    without = held * np.exp(-push)
    sent = without / np.maximum(without + (1.0 - held), TINY)
    none = np.log1p(-np.clip(sent, 0.0, 1.0 - 1e-9)) * real
    total = np.bincount(index[real], none[real], minlength=len(kept))
    other = np.exp(np.minimum(np.where(real, total[index] - none, 0.0), 0.0))
    other = np.where(kept[index], 0.0, other)
    return np.asarray(np.where(real, -np.log1p(-(1.0 - EMPTY) * other), 0.0), np.float64)


def _widths(density: Floats, weight: Floats, belief: Floats) -> Floats:
    """Weights of the widths that explain the present beliefs."""
    share = density * weight
    share /= np.maximum(share.sum(axis=-1, keepdims=True), TINY**2)
    grown = np.einsum("mc,mcw->w", belief, share) + 1.0 / len(weight)
    return np.asarray(grown / grown.sum(), np.float64)


def _phases(fits: NDArray[np.int8], belief: Floats) -> tuple[float, float]:
    """Share of wrong phases, and of fewer ones below transformers of several, by the present beliefs."""
    wrong, alone, whole, part = (float(belief[fits == f].sum()) for f in (WRONG, ALONE, WHOLE, PART))
    known = wrong + alone + whole + part
    return (wrong + WRONG_PHASE[0]) / (known + WRONG_PHASE[1]), (part + FEWER[0]) / (part + whole + FEWER[1])
