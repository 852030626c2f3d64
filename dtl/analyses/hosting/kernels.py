"""The compiled loop of the criteria: the largest excess of each column and its row, in one pass over the values."""

from __future__ import annotations

import numpy as np
from numba import types

from dtl.powerflow.compiled import compiled, inner

COUNTS, ONLY_IF_WORSE, IGNORED, CHANGE = range(4)
"""What a value is judged by: its limit; its limit or a worse base; its limit where the base holds; its change."""

_I = types.int64[::1]
_F = types.float64[::1]
_FF = types.float64[:, ::1]
_HH = types.float32[:, ::1]
_CC = types.complex128[:, ::1]
_LANES = 32
_STEEPER = 4.0
"""How much steeper than in the hour that was solved a quadratic may be in another."""
_ROUNDING = 1e-9
"""Part by which bounds are wider than rounding could make them."""


@compiled([types.void(_FF, b, _I, _I, _F, types.float64, types.float64, types.int64, _F, _I) for b in (_FF, _HH)])
def largest(now, base, hour, rows, limit, sign, worse, mode, out, at):  # type: ignore[no-untyped-def]
    """Fill ``out`` and ``at``, shape (columns,), from values ``now`` (rows of all, columns) and ``base`` (rows, hours).

    ``hour`` is that of each column, ``rows`` are those to judge, ``limit`` theirs; ``at`` counts among ``rows``.
    """
    for t in range(len(out)):
        out[t] = -1e300
        at[t] = 0
    for k in range(len(rows)):
        a = now[rows[k]]
        b = base[rows[k]]
        top = limit[k]
        for t in range(len(out)):
            before = b[hour[t]]
            if mode == 3:
                over = abs(a[t] - before) - top
            else:
                over = sign * a[t] - top
                if mode != 0 and sign * before > top:
                    over = sign * (a[t] - before) - worse if mode == 1 else -1e300
            if over > out[t]:
                out[t] = over
                at[t] = k


@compiled(types.void(_I, _I, _F, _F, _CC, _I, _FF))
def amps(start, column, re, im, volts, series, out):  # type: ignore[no-untyped-def]
    """Fill ``out``, shape (elements, columns), with the largest current of the rows of each element [A].

    ``start`` to ``im`` are the rows' admittances, ``series`` the element of each; ``volts`` those of the nodes.
    """
    ir = np.empty(_LANES)
    ii = np.empty(_LANES)
    columns = volts.shape[1]
    out[:] = 0.0
    for first in range(0, columns, _LANES):
        lanes = min(_LANES, columns - first)
        for r in range(len(series)):
            ir[:] = 0.0
            ii[:] = 0.0
            for e in range(start[r], start[r + 1]):
                a = re[e]
                b = im[e]
                v = volts[column[e], first : first + lanes]
                for t in range(lanes):
                    ir[t] += a * v[t].real - b * v[t].imag
                    ii[t] += a * v[t].imag + b * v[t].real
            most = out[series[r], first : first + lanes]
            for t in range(lanes):
                most[t] = max(most[t], ir[t] * ir[t] + ii[t] * ii[t])
    out[:] = np.sqrt(out)


@inner
def _root(a, b, c):  # type: ignore[no-untyped-def]
    """The least positive root of a quadratic; infinity if there is none."""
    d = b * b - 4.0 * a * c
    if d < 0.0:
        return np.inf
    q = -0.5 * (b + (np.sqrt(d) if b >= 0.0 else -np.sqrt(d)))
    least = np.inf
    if a != 0.0 and q / a > 0.0:
        least = q / a
    if q != 0.0 and 0.0 < c / q < least:
        least = c / q
    return least


@inner
def _kept(x, power):  # type: ignore[no-untyped-def]
    """The square with the sign of the value, where ``power`` is 2."""
    return x * abs(x) if power == 2.0 else x


@inner
def _slope(b, a, x, first, power):  # type: ignore[no-untyped-def]
    """The slope of a quadratic that is ``x`` without a plant and has slope ``b`` where it is ``first``.

    Squares of magnitudes |x + p k| have slopes 2 |x| |k| cos, with ``a`` the square of k: in proportion to the
    magnitude, by the same angle. A slope above that of angle 0 is another effect: currents of loads that answer the
    voltage, in proportion to their squares.
    """
    if power != 2.0 or first == 0.0:
        return b
    bend = 2.0 * np.sqrt(abs(a))
    ratio = x / first
    if abs(b) > abs(first) * bend:
        return b * min(ratio * ratio, _STEEPER)
    most = max(_STEEPER * abs(b), abs(x) * bend)
    return min(max(b * ratio, -most), most)


@inner
def _met(a, b, base, limit, worse, mode, power, least):  # type: ignore[no-untyped-def]
    """Where a quadratic that begins at ``base`` first rises to a limit; infinity if never, or not before ``least``."""
    now = _kept(base, power)
    if mode == 3:
        up = _root(a, b, now - _kept(base + limit, power))
        return min(up, _root(-a, -b, _kept(base - limit, power) - now))
    if base > limit:
        if mode == 0:
            return 0.0
        if mode == 2:
            return np.inf
        limit = base + worse
    c = now - _kept(limit, power)
    if (a <= 0.0 and b <= 0.0) or (a >= 0.0 and least < np.inf and (a * least + b) * least + c <= 0.0):
        return np.inf
    return _root(a, b, c)


@inner
def _envelope(there, limit, sign, worse, mode, power):  # type: ignore[no-untyped-def]
    """Bounds of each row over all hours, shape (rows, 5).

    The least and the largest value without a plant, the largest that a quadratic has there above its upper and its
    lower limit, and what rounding of them is far below.
    """
    out = np.zeros((len(limit), 5))
    for k in range(len(limit)):
        low = np.inf
        high = -np.inf
        up = -np.inf
        down = -np.inf
        for j in range(there.shape[1]):
            base = sign * there[k, j]
            low = min(low, base)
            high = max(high, base)
            now = _kept(base, power)
            if mode == 3:
                up = max(up, now - _kept(base + limit[k], power))
                down = max(down, _kept(base - limit[k], power) - now)
            elif base <= limit[k]:
                up = max(up, now - _kept(limit[k], power))
            elif mode != 2:
                up = max(up, now - _kept(base + worse, power) if mode == 1 else np.inf)
        out[k, 0] = low
        out[k, 1] = high
        out[k, 2] = up
        out[k, 3] = down
        far = max(abs(low), abs(high)) + abs(limit[k]) + abs(worse)
        out[k, 4] = _ROUNDING * abs(_kept(far, power))
    return out


@inner
def _top(a, b, c, most):  # type: ignore[no-untyped-def]
    """The largest value of a quadratic from zero to ``most``, and a little more for rounding."""
    x = most
    if a < 0.0:
        x = min(max(-0.5 * b / a, 0.0), most)
    elif most == np.inf:
        return np.inf if a > 0.0 or b > 0.0 else c
    return max(c, (a * x + b) * x + c + _ROUNDING * (abs(a) * x + abs(b)) * x)


@inner
def _beyond(a, b, first, bounds, mode, power, least):  # type: ignore[no-untyped-def]
    """Whether a row meets its limit in no hour before ``least``, by the largest slope and value of all hours."""
    small = b
    large = b
    if power == 2.0 and first != 0.0:
        bend = 2.0 * np.sqrt(abs(a))
        near = min(bounds[0] / first, bounds[1] / first)
        far = max(bounds[0] / first, bounds[1] / first)
        if abs(b) > abs(first) * bend:
            high = min(max(near * near, far * far), _STEEPER)
            low = 0.0 if near < 0.0 < far else min(near * near, far * far, _STEEPER)
            small = min(b * low, b * high)
            large = max(b * low, b * high)
        else:
            steep = _STEEPER * abs(b)
            most = max(steep, max(abs(bounds[0]), abs(bounds[1])) * bend)
            small = max(min(b * near, b * far, steep), -most)
            large = min(max(b * near, b * far, -steep), most)
    if not _top(a, large, bounds[2] + bounds[4], least) < 0.0:
        return False
    return mode != 3 or _top(-a, -small, bounds[3] + bounds[4], least) < 0.0


@inner
def _soonest(  # type: ignore[no-untyped-def]
    begun, bends, slopes, sun, there, light, limit, sign, worse, mode, power, bounds, within
):  # fmt: skip
    """The least plant of all rows and hours, its row and hour; what is above ``within`` may be missed."""
    best = np.inf
    row = 0
    hour = 0
    wide = light.max() / sun if sun > 0.0 else np.inf
    for k in range(len(limit)):
        a = bends[k]
        b = slopes[k]
        if _beyond(a, b, begun[k], bounds[k], mode, power, min(best, within) * wide):
            continue
        for j in range(len(light)):
            if light[j] == 0.0:
                continue
            part = sun / light[j]
            base = sign * there[k, j]
            slope = _slope(b, a, base, begun[k], power)
            found = part * _met(a, slope, base, limit[k], worse, mode, power, best / part)
            if found < best:
                best = found
                row = k
                hour = j
    return best, row, hour


@compiled(
    types.void(
        _FF, _FF, _FF, _F, _FF, _F, _F, types.float64, types.float64, types.int64, types.float64, _F, _I, _I, _F, _I
    )
)
def across(first, near, far, sun, there, light, limit, sign, worse, mode, power, out, at, when, own, mine):  # type: ignore[no-untyped-def]
    """Fill ``out``, shape (columns,), with the plant at which the first row meets its limit in any of some hours.

    ``first``, ``near`` and ``far`` are values (columns, rows) without a plant, with a half and with a whole one in the
    hour of each column, ``there`` those without in all hours (rows, hours). ``sun`` and ``light`` are what a plant
    gives of its power in the hours of the columns and in all hours. ``at`` and ``when`` are row and hour, ``own``
    and ``mine`` the plant and the row in the hour of the column alone; the rest as in `largest`.

    Rows of which no hour can be the first, by bounds over all hours, are passed over. No answer lies above that of the
    hour of the column where that is one of the hours; where it is not, rows are looked through a second time.
    """
    bounds = _envelope(there, limit, sign, worse, mode, power)
    begun, bends, slopes = np.empty(len(limit)), np.empty(len(limit)), np.empty(len(limit))
    for t in range(len(out)):
        here = np.inf
        mine[t] = 0
        for k in range(len(limit)):
            begun[k] = sign * first[t, k]
            x = _kept(begun[k], power)
            y = _kept(sign * near[t, k], power)
            z = _kept(sign * far[t, k], power)
            bends[k] = 2.0 * (z - 2.0 * y + x)
            slopes[k] = 4.0 * y - 3.0 * x - z
            found = _met(bends[k], slopes[k], begun[k], limit[k], worse, mode, power, here)
            if found < here:
                here = found
                mine[t] = k
        within = here * (1.0 + _ROUNDING)
        best, row, hour = _soonest(
            begun, bends, slopes, sun[t], there, light, limit, sign, worse, mode, power, bounds, within
        )
        if best > within:
            best, row, hour = _soonest(
                begun, bends, slopes, sun[t], there, light, limit, sign, worse, mode, power, bounds, np.inf
            )
        out[t] = best
        at[t] = row
        when[t] = hour
        own[t] = here
