from __future__ import annotations

import pytest
from power_cases import FEEDERS, own

from dtl.network.feeder import Feeder


@pytest.fixture(params=sorted(FEEDERS))
def feeder(request: pytest.FixtureRequest) -> Feeder:
    """Our own feeders, and the samples where they are."""
    samples = None if request.param in ("mixed", "split_phase") else request.getfixturevalue("samples")
    return FEEDERS[request.param](samples)


@pytest.fixture
def mixed() -> Feeder:
    return own("mixed")


@pytest.fixture
def split_phase() -> Feeder:
    return own("split_phase")
