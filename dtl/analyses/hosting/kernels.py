"""The compiled loop of the criteria: the largest excess of each column and its row, in one pass over the values."""

from __future__ import annotations

import numpy as np
from numba import types

from dtl.powerflow.compiled import compiled

COUNTS, ONLY_IF_WORSE, IGNORED, CHANGE = range(4)
"""What a value is judged by: its limit; its limit or a worse base; its limit where the base holds; its change."""

_I = types.int64[::1]
_F = types.float64[::1]
_FF = types.float64[:, ::1]
_CC = types.complex128[:, ::1]
_LANES = 32


@compiled(types.void(_FF, _FF, _I, _F, types.float64, types.float64, types.int64, _F, _I))
def largest(now, base, rows, limit, sign, worse, mode, out, at):  # type: ignore[no-untyped-def]
    """Fill ``out`` and ``at``, shape (columns,), from values (rows of all, columns) of ``now`` and ``base``.

    ``rows`` are those to judge, ``limit`` theirs; ``at`` counts among ``rows``.
    """
    for t in range(len(out)):
        out[t] = -1e300
        at[t] = 0
    for k in range(len(rows)):
        a = now[rows[k]]
        b = base[rows[k]]
        top = limit[k]
        for t in range(len(out)):
            if mode == 3:
                over = abs(a[t] - b[t]) - top
            else:
                over = sign * a[t] - top
                if mode != 0 and sign * b[t] > top:
                    over = sign * (a[t] - b[t]) - worse if mode == 1 else -1e300
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
