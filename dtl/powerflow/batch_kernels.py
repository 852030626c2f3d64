"""The compiled loops of the batch engine: port currents, triangular solves and the fixed point, columns innermost.

A *column* is one state to be solved: an hour, a scenario or a placement. ``LANES`` columns are worked on at a time, real
and imaginary parts apart, so that every inner loop is a run of vector instructions over memory that stays in cache.
"""

from __future__ import annotations

import numpy as np
from numba import njit

LANES = 32
"""Columns that are solved together."""


@njit(cache=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})
def _currents(ports, curves, bounds, special, exponents, drop_out, base, v, p, q, i):  # type: ignore[no-untyped-def]
    """Currents ``i`` of all ports from their voltages ``v`` and powers, shapes (ports, 2, LANES) and (ports, LANES)."""
    u2 = np.empty(LANES)
    for k in range(ports):
        b2 = base[k] * base[k]
        least = bounds[k, 1] * bounds[k, 1]
        most = bounds[k, 2] * bounds[k, 2]
        c = curves[k, 2]
        outside = 0
        if c[1] == 0.0 and c[4] == 0.0:
            for t in range(LANES):
                u2[t] = (v[k, 0, t] * v[k, 0, t] + v[k, 1, t] * v[k, 1, t]) / b2
                r2 = 1.0 / u2[t]
                outside += (u2[t] <= least) | (u2[t] > most)
                a = p[k, t] * (c[0] + c[2] * r2) / b2
                d = q[k, t] * (c[3] + c[5] * r2) / b2
                i[k, 0, t] = a * v[k, 0, t] + d * v[k, 1, t]
                i[k, 1, t] = a * v[k, 1, t] - d * v[k, 0, t]
        else:
            for t in range(LANES):
                u2[t] = (v[k, 0, t] * v[k, 0, t] + v[k, 1, t] * v[k, 1, t]) / b2
                r2 = 1.0 / u2[t]
                r = np.sqrt(r2)
                outside += (u2[t] <= least) | (u2[t] > most)
                a = p[k, t] * (c[0] + c[1] * r + c[2] * r2) / b2
                d = q[k, t] * (c[3] + c[4] * r + c[5] * r2) / b2
                i[k, 0, t] = a * v[k, 0, t] + d * v[k, 1, t]
                i[k, 1, t] = a * v[k, 1, t] - d * v[k, 0, t]
        if outside or special[k]:
            for t in range(LANES):
                _current(k, t, np.sqrt(u2[t]), curves, bounds, exponents, drop_out, b2, v, p, q, i)


@njit(cache=True, error_model="numpy")
def _current(k, t, u, curves, bounds, exponents, drop_out, b2, v, p, q, i):  # type: ignore[no-untyped-def]
    """Current of one port in one lane, whatever its voltage and model."""
    zone = 3
    for z in range(3):
        if u <= bounds[k, z]:
            zone = z
            break
    c = curves[k, zone]
    if u == 0.0:
        i[k, 0, t] = 0.0
        i[k, 1, t] = 0.0
        return
    r = 1.0 / u
    gp = c[0] + c[1] * r + c[2] * r * r
    gq = c[3] + c[4] * r + c[5] * r * r
    if zone == 2:
        if exponents[k, 0] != 0.0:
            gp = u ** (exponents[k, 0] - 2.0)
        if exponents[k, 1] != 0.0:
            gq = u ** (exponents[k, 1] - 2.0)
    if zone > 0 and drop_out[k] > 0.0:
        left = 0.5 * (1.0 + np.tanh(500.0 * (u - drop_out[k])))
        gp *= left
        gq *= left
    a = p[k, t] * gp / b2
    d = q[k, t] * gq / b2
    i[k, 0, t] = a * v[k, 0, t] + d * v[k, 1, t]
    i[k, 1, t] = a * v[k, 1, t] - d * v[k, 0, t]


@njit(cache=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})
def _lower(rows, start, column, re, im, x):  # type: ignore[no-untyped-def]
    """Forward substitution in place, L with a unit diagonal."""
    sr = np.empty(LANES)
    si = np.empty(LANES)
    for n in range(rows):
        if start[n] == start[n + 1]:
            continue
        for t in range(LANES):
            sr[t] = x[n, 0, t]
            si[t] = x[n, 1, t]
        for e in range(start[n], start[n + 1]):
            m = column[e]
            a = re[e]
            b = im[e]
            for t in range(LANES):
                sr[t] -= a * x[m, 0, t] - b * x[m, 1, t]
                si[t] -= a * x[m, 1, t] + b * x[m, 0, t]
        for t in range(LANES):
            x[n, 0, t] = sr[t]
            x[n, 1, t] = si[t]


@njit(cache=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})
def _upper(first, last, step, start, column, re, im, pivot_re, pivot_im, x):  # type: ignore[no-untyped-def]
    """Backward substitution in place for the rows from `first` to before `last`."""
    sr = np.empty(LANES)
    si = np.empty(LANES)
    for n in range(first, last, step):
        for t in range(LANES):
            sr[t] = x[n, 0, t]
            si[t] = x[n, 1, t]
        for e in range(start[n], start[n + 1]):
            m = column[e]
            a = re[e]
            b = im[e]
            for t in range(LANES):
                sr[t] -= a * x[m, 0, t] - b * x[m, 1, t]
                si[t] -= a * x[m, 1, t] + b * x[m, 0, t]
        a = pivot_re[n]
        b = pivot_im[n]
        for t in range(LANES):
            x[n, 0, t] = a * sr[t] - b * si[t]
            x[n, 1, t] = a * si[t] + b * sr[t]


@njit(cache=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})
def _across(nodes, rest_re, rest_im, base, x, v, change):  # type: ignore[no-untyped-def]
    """Voltages ``v`` across all ports from the drops ``x``; ``change`` gets the largest squared step of each lane [pu]."""
    change[:] = 0.0
    for k in range(len(nodes)):
        m = nodes[k, 0]
        n = nodes[k, 1]
        scale = 1.0 / (base[k] * base[k])
        for t in range(LANES):
            a = rest_re[k] - x[m, 0, t] + x[n, 0, t]
            b = rest_im[k] - x[m, 1, t] + x[n, 1, t]
            da = a - v[k, 0, t]
            db = b - v[k, 1, t]
            v[k, 0, t] = a
            v[k, 1, t] = b
            step = (da * da + db * db) * scale
            change[t] = step if not step <= change[t] else change[t]


@njit(cache=True, error_model="numpy")
def fixed_point(  # type: ignore[no-untyped-def]
    active, lower, upper, pivot_re, pivot_im, position, no_load,
    nodes, owner, share, base, bounds, curves, exponents, drop_out, special,
    watts, vars_, guess, tolerance, most, volts, power, steps, change,
):
    """Solve all columns.

    Positions as in `dtl.powerflow.batch_network.Network`, one more for ground at their end. ``watts`` and ``vars_`` are
    powers of the owners, shape (owners, columns); ``guess`` the voltages across the ports to begin with, shape
    (ports, columns), or empty. Out go ``volts`` (nodes, columns), ``power`` (owners, columns) [VA], the iterations
    ``steps`` and the last ``change`` of any port [pu], shape (columns,).
    """
    size = len(position)
    ports = len(nodes)
    columns = volts.shape[1]
    x = np.zeros((size + 1, 2, LANES))
    v = np.empty((ports, 2, LANES))
    i = np.empty((ports, 2, LANES))
    p = np.empty((ports, LANES))
    q = np.empty((ports, LANES))
    moved = np.empty(LANES)
    rest_re = np.empty(ports)
    rest_im = np.empty(ports)
    for k in range(ports):
        rest = no_load[nodes[k, 0]] - no_load[nodes[k, 1]]
        rest_re[k] = rest.real
        rest_im[k] = rest.imag
    for first in range(0, columns, LANES):
        for k in range(ports):
            for t in range(LANES):
                c = min(first + t, columns - 1)
                p[k, t] = watts[owner[k], c] * share[k]
                q[k, t] = vars_[owner[k], c] * share[k]
                if guess.shape[0]:
                    v[k, 0, t] = guess[k, c].real
                    v[k, 1, t] = guess[k, c].imag
                else:
                    v[k, 0, t] = rest_re[k]
                    v[k, 1, t] = rest_im[k]
        done = 0
        moved[:] = 0.0
        for _ in range(most):
            done += 1
            _currents(ports, curves, bounds, special, exponents, drop_out, base, v, p, q, i)
            x[:active] = 0.0
            for k in range(ports):
                m = nodes[k, 0]
                n = nodes[k, 1]
                for t in range(LANES):
                    x[m, 0, t] += i[k, 0, t]
                    x[m, 1, t] += i[k, 1, t]
                if n < size:
                    for t in range(LANES):
                        x[n, 0, t] -= i[k, 0, t]
                        x[n, 1, t] -= i[k, 1, t]
            x[size] = 0.0
            _lower(active, lower[0], lower[1], lower[2], lower[3], x)
            _upper(active - 1, -1, -1, upper[0], upper[1], upper[2], upper[3], pivot_re, pivot_im, x)
            _across(nodes, rest_re, rest_im, base, x, v, moved)
            if moved.max() <= tolerance * tolerance:
                break
        x[active:] = 0.0
        _upper(active, size, 1, upper[0], upper[1], upper[2], upper[3], pivot_re, pivot_im, x)
        _currents(ports, curves, bounds, special, exponents, drop_out, base, v, p, q, i)
        lanes = min(LANES, columns - first)
        for t in range(lanes):
            steps[first + t] = done
            change[first + t] = np.sqrt(moved[t])
            volts[0, first + t] = 0.0
        for n in range(size):
            m = position[n]
            rest = no_load[m]
            for t in range(lanes):
                volts[n + 1, first + t] = complex(rest.real - x[m, 0, t], rest.imag - x[m, 1, t])
        power[:, first : first + lanes] = 0.0
        for k in range(ports):
            o = owner[k]
            for t in range(lanes):
                power[o, first + t] += complex(
                    v[k, 0, t] * i[k, 0, t] + v[k, 1, t] * i[k, 1, t],
                    v[k, 1, t] * i[k, 0, t] - v[k, 0, t] * i[k, 1, t],
                )
