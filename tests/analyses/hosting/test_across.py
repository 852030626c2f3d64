"""The loop over all rows and hours passes over rows that cannot be the first; one row in one hour it cannot pass."""

from __future__ import annotations

import numpy as np
import pytest

from dtl.analyses.hosting import kernels

PLANTS, ROWS, HOURS = 12, 25, 20
MODES = (kernels.COUNTS, kernels.ONLY_IF_WORSE, kernels.IGNORED, kernels.CHANGE)
Told = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def asked(first, near, far, sun, there, light, limit, words) -> Told:  # type: ignore[no-untyped-def]
    out, own = np.empty((2, len(sun)))
    at, when, mine = np.empty((3, len(sun)), np.int64)
    rows = (np.ascontiguousarray(x) for x in (first, near, far))
    kernels.across(*rows, sun, np.ascontiguousarray(there), light, limit, *words, out, at, when, own, mine)
    return out, at, when, own, mine


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("power", [1.0, 2.0])
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(
    ("level", "spread", "answer", "limit"), [(1, 0.04, 0.05, 1.05), (60, 30, 60, 100), (0, 4, 9, 5)]
)
@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_first_of_all_is_the_least_of_each_alone(
    mode: int, power: float, sign: float, level: float, spread: float, answer: float, limit: float, elsewhere: bool
) -> None:
    rng = np.random.default_rng([mode, int(power), level])
    there = level + spread * rng.uniform(-1, 1, (ROWS, HOURS))
    hour = rng.integers(0, HOURS, PLANTS)
    first, step = there[:, hour].T, answer * rng.normal(0.2, 1.0, (PLANTS, ROWS))
    curve = 0.05 * answer * rng.normal(0.0, 1.0, step.shape)
    sunny = rng.uniform(0.2, 1.0, HOURS)
    light = np.where(rng.random(HOURS) < 0.2, 0.0, sunny)
    sun, kept = sunny[hour], slice(HOURS // 2 if elsewhere else 0, None)
    most = np.full(ROWS, 0.02 * limit if mode == kernels.CHANGE else sign * (level + sign * (limit - level)))
    words = (sign, 0.001 * limit, mode, power)
    near, far = first + 0.5 * step + 0.25 * curve, first + step + curve
    there, light = there[:, kept], light[kept]
    out, at, when, own, mine = asked(first, near, far, sun, there, light, most, words)
    each = np.array([
        [asked(*(x[:, [k]] for x in (first, near, far)), sun, there[[k], j : j + 1], light[j : j + 1], most[[k]], words)
         for j in range(len(light))] for k in range(ROWS)
    ])  # fmt: skip
    alone = each[:, :, 0].reshape(-1, PLANTS)
    assert np.isfinite(alone).any() and len(np.unique(at)) > 1
    np.testing.assert_allclose(out, alone.min(axis=0), rtol=1e-12)
    some = np.isfinite(out)
    assert (alone.argmin(axis=0)[some] == (at * len(light) + when)[some]).all()
    np.testing.assert_allclose(own, each[:, 0, 3].min(axis=0), rtol=1e-12)
    reached = np.isfinite(own)
    assert (each[:, 0, 3].argmin(axis=0)[reached] == mine[reached]).all()
