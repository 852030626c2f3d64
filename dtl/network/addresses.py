"""Meters of one address weighed together: what feeds one of them stands where the others are fed from too.

A customer of three phases with a meter on each, and the flats of a house, hang on one pole or one transformer. An
address has one place, each of its meters one of the transformers there; a small share of meters, which is learnt, is
fed from elsewhere all the same. An address of one meter is weighed as that meter alone. An address comes to a
transformer as one: its meters count together as one where it is learnt how many a transformer serves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

APART = (1.0, 50.0)
"""Meters fed from elsewhere than their address, and all meters of addresses of several, believed to have been seen
beforehand."""
TINY = 1e-300


def addresses(meters: Floats, named: NDArray[np.object_] | None) -> Ints:
    """Number of the address of each meter: its name where it has one, else its coordinates.

    `meters` are the plane coordinates, shape (n, 2); `named` the addresses as recorded, empty where none is.
    """
    found = np.unique(meters, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
    if named is None:
        return found
    text = named.astype(str)
    own = np.unique(text, return_inverse=True)[1].reshape(-1)
    return np.asarray(np.where(text != "", own, found + len(meters)), np.int64)


def middles(meters: Floats, address: Ints) -> Floats:
    """The mean place of the meters of each one's address, shape (n, 2)."""
    of = np.unique(address, return_inverse=True)[1].reshape(-1)
    sums = np.column_stack([np.bincount(of, meters[:, k]) for k in (0, 1)])
    return np.asarray((sums / np.bincount(of)[:, None])[of], np.float64)


class Together:
    """Pairs of meters and transformers, tied by the addresses of the ones and the places of the others."""

    def __init__(self, index: Ints, meters: Floats, transformers: Floats, address: Ints):
        """`index` are the candidates of each meter, -1 where there are no more."""
        place = np.unique(transformers, axis=0, return_inverse=True)[1].reshape(-1)
        count = len(place)
        self.real = index >= 0
        meter = np.nonzero(self.real)[0]
        self.meters = len(index)
        spots, self.first_pair, self.spot = np.unique(
            meter * count + place[index[self.real]], return_index=True, return_inverse=True
        )
        self.meter = spots // count
        """The meter of each spot: of each meter and place that it may be fed from."""
        sites, self.site = np.unique(address[self.meter] * count + spots % count, return_inverse=True)
        self.begin = np.flatnonzero(np.diff(sites // count, prepend=-1))
        """The first site of each address: of each address and place that it may be fed from."""
        self.per = np.diff(np.append(self.begin, len(sites)))
        where = np.unique(np.column_stack([address, meters]), axis=0, return_index=True)[1]
        self.new = np.zeros(self.meters, bool)
        """Whether the place of a meter is told for the first time: that of an address counts once."""
        self.new[where] = True
        _, of, meters_of = np.unique(address, return_inverse=True, return_counts=True)
        per_meter = meters_of[of.reshape(-1)]
        self.several = per_meter > 1
        self.part = 1.0 / per_meter[:, None]
        """The part of its address that each meter is, shape (meters, 1)."""
        self.apart = APART[0] / APART[1]

    def belief(self, density: Floats, weight: Floats) -> Floats:
        """Probability of each pair, shape (meters, candidates).

        Parameters
        ----------
        density
            Of the distance, for each pair.
        weight
            Of the transformer for that meter once its place is given.
        """
        far, own = density[self.real], weight[self.real]
        near = far[self.first_pair]
        at = np.bincount(self.spot, own)
        many = np.bincount(self.meter, minlength=self.meters)
        spread = np.where(self.new, many, np.bincount(self.meter, near, self.meters))
        spread = np.maximum(spread, TINY)
        alone = np.maximum(np.bincount(self.meter, near * at, self.meters) / spread, TINY)
        here = (1.0 - self.apart) * np.where(self.new[self.meter], near, 1.0) + TINY
        either = here * at + self.apart * alone[self.meter]
        log = np.bincount(self.site, np.log(either / (self.apart * alone[self.meter])))
        log -= np.repeat(np.maximum.reduceat(log, self.begin), self.per)
        share = np.exp(log)
        share /= np.repeat(np.add.reduceat(share, self.begin), self.per)
        site = share[self.site]
        left = np.bincount(self.meter, site * self.apart / either - site / alone[self.meter], self.meters) + 1 / alone
        found = np.zeros(self.real.shape)
        meter = self.meter[self.spot]
        found[self.real] = (site * here / either)[self.spot] * own + left[meter] * far * own / spread[meter]
        self._learn(left * alone)
        return found

    def _learn(self, apart: Floats) -> None:
        told = self.several & self.real.any(axis=1)
        self.apart = (float(apart[told].sum()) + APART[0]) / (int(told.sum()) + APART[1])
