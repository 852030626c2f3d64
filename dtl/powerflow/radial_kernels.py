"""The compiled loop of the radial sweep: the tree once down and once up, ``LANES`` columns at a time."""

from __future__ import annotations

import numpy as np
from numba import types

from dtl.powerflow.compiled import compiled, inner

LANES = 32

_I = types.int64[::1]
_F = types.float64[::1]
_FF = types.float64[:, ::1]
_FFF = types.float64[:, :, ::1]


@inner
def _once(parent, re, im, g, b, p, q, u, j, change):  # type: ignore[no-untyped-def]
    """One sweep: currents ``j`` from voltages ``u``, then ``u`` from ``j``; largest squared ``change`` by lane."""
    for n in range(len(parent)):
        for t in range(LANES):
            x = u[n, 0, t]
            y = u[n, 1, t]
            s = 1.0 / (x * x + y * y)
            j[n, 0, t] = (p[n, t] * x + q[n, t] * y) * s + g[n] * x - b[n] * y
            j[n, 1, t] = (p[n, t] * y - q[n, t] * x) * s + g[n] * y + b[n] * x
    for n in range(len(parent) - 1, 0, -1):
        m = parent[n]
        for t in range(LANES):
            j[m, 0, t] += j[n, 0, t]
            j[m, 1, t] += j[n, 1, t]
    change[:] = 0.0
    for n in range(1, len(parent)):
        m = parent[n]
        r = re[n]
        x = im[n]
        for t in range(LANES):
            a = u[m, 0, t] - r * j[n, 0, t] + x * j[n, 1, t]
            c = u[m, 1, t] - r * j[n, 1, t] - x * j[n, 0, t]
            da = a - u[n, 0, t]
            dc = c - u[n, 1, t]
            u[n, 0, t] = a
            u[n, 1, t] = c
            step = da * da + dc * dc
            change[t] = step if not step <= change[t] else change[t]


@compiled(
    types.void(
        _I, _I, _F, _F, _F, _F, _FF, _FF, types.complex128[::1], types.float64, types.int64,
        types.complex128[:, ::1], _F,
    ),
    nogil=True,
)  # fmt: skip
def sweep(  # type: ignore[no-untyped-def]
    order, parent, re, im, g, b, kw, kvar, head, tolerance, most, volts, change
):
    """Solve all columns: powers [kW] and ``volts`` [kV] by node, the tree by place, ``change`` over the root's."""
    nodes, columns = kw.shape
    u = np.empty((nodes, 2, LANES))
    j = np.empty((nodes, 2, LANES))
    p = np.empty((nodes, LANES))
    q = np.empty((nodes, LANES))
    moved = np.empty(LANES)
    for first in range(0, columns, LANES):
        last = min(first + LANES, columns)
        lanes = last - first
        for n in range(nodes):
            a = kw[order[n], first:last]
            c = kvar[order[n], first:last]
            for t in range(LANES):
                k = min(t, lanes - 1)
                p[n, t] = 1e-3 * a[k]
                q[n, t] = 1e-3 * c[k]
                u[n, 0, t] = head[first + k].real
                u[n, 1, t] = head[first + k].imag
        least = np.inf
        for t in range(lanes):
            least = min(least, abs(head[first + t]))
        for _ in range(most):
            _once(parent, re, im, g, b, p, q, u, j, moved)
            if moved.max() <= (tolerance * least) ** 2:
                break
        for n in range(nodes):
            out = volts[order[n], first:last]
            for t in range(lanes):
                out[t] = complex(u[n, 0, t], u[n, 1, t])
        for t in range(lanes):
            change[first + t] = np.sqrt(moved[t]) / abs(head[first + t])
