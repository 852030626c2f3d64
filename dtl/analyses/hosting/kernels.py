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
def _root(x, y, z, limit, power, sign):  # type: ignore[no-untyped-def]
    """Where the quadratic through ``x``, ``y`` and ``z`` at 0, 1/2 and 1 first rises to a limit; infinity if never.

    With ``power`` 2 the quadratic is that of the squares, their signs kept.
    """
    x *= sign
    y *= sign
    z *= sign
    limit *= sign
    if power == 2.0:
        x *= abs(x)
        y *= abs(y)
        z *= abs(z)
        limit *= abs(limit)
    a = 2.0 * (z - 2.0 * y + x)
    b = 4.0 * y - 3.0 * x - z
    c = x - limit
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


@compiled(
    [types.void(b, _I, _FF, _FF, _I, _F, types.float64, types.float64, types.int64, types.float64, _F, _I)
     for b in (_FF, _HH)]
)  # fmt: skip
def reach(base, hour, near, far, rows, limit, sign, worse, mode, power, out, at):  # type: ignore[no-untyped-def]
    """Fill ``out``, shape (columns,), with the plant at which the first of the rows meets its limit, ``at`` with it.

    ``far`` are values (rows of all, columns) with a plant of 1, ``near`` with half of it, ``base`` (rows of all, hours)
    without, of which column t has hour ``hour[t]``; the rest as in `largest`.
    """
    for t in range(len(out)):
        out[t] = np.inf
        at[t] = 0
    for k in range(len(rows)):
        n = rows[k]
        for t in range(len(out)):
            x = base[n, hour[t]]
            y = near[n, t]
            z = far[n, t]
            if mode == 3:
                found = min(_root(x, y, z, x + limit[k], power, 1.0), _root(x, y, z, x - limit[k], power, -1.0))
            else:
                top = sign * limit[k]
                found = np.inf
                if sign * x <= limit[k]:
                    found = _root(x, y, z, top, power, sign)
                elif mode == 0:
                    found = 0.0
                elif mode == 1:
                    found = _root(x, y, z, x + sign * worse, power, sign)
            if found < out[t]:
                out[t] = found
                at[t] = k
