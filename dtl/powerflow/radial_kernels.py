"""The compiled loop of the radial sweep: the tree once down and once up, ``LANES`` columns at a time."""

from __future__ import annotations

import numpy as np
from numba import types

from dtl.powerflow.compiled import compiled, inner

LANES = 32

_I = types.int64[::1]
_F = types.float64[::1]
_FF = types.float64[:, ::1]


@inner
def _once(parent, re, im, g, b, p, q, u, j, change):  # type: ignore[no-untyped-def]
    """One sweep: currents ``j`` from voltages ``u``, then ``u`` from ``j``; largest squared ``change`` by lane."""
    for n in range(len(parent)):
        x, y, real, imag, kw, kvar = u[n, 0], u[n, 1], j[n, 0], j[n, 1], p[n], q[n]
        g_shunt, b_shunt = g[n], b[n]
        for t in range(LANES):
            s = 1.0 / (x[t] * x[t] + y[t] * y[t])
            g_all = kw[t] * s + g_shunt
            b_all = kvar[t] * s - b_shunt
            real[t] = g_all * x[t] + b_all * y[t]
            imag[t] = g_all * y[t] - b_all * x[t]
    for n in range(len(parent) - 1, 0, -1):
        real, imag, part_real, part_imag = j[parent[n], 0], j[parent[n], 1], j[n, 0], j[n, 1]
        for t in range(LANES):
            real[t] += part_real[t]
            imag[t] += part_imag[t]
    change[:] = 0.0
    for n in range(1, len(parent)):
        before_x, before_y, x, y, real, imag = u[parent[n], 0], u[parent[n], 1], u[n, 0], u[n, 1], j[n, 0], j[n, 1]
        r_ohm, x_ohm = re[n], im[n]
        for t in range(LANES):
            a = before_x[t] - r_ohm * real[t] + x_ohm * imag[t]
            c = before_y[t] - r_ohm * imag[t] - x_ohm * real[t]
            da = a - x[t]
            dc = c - y[t]
            x[t] = a
            y[t] = c
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
