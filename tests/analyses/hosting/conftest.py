from __future__ import annotations

import pytest
from power_cases import own

from dtl.network.feeder import Feeder


@pytest.fixture
def mixed() -> Feeder:
    return own("mixed")
