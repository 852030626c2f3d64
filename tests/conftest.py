"""What all tests share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dtl.spec.from_simbench import PEERS, interpreter

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's root."""
    return ROOT


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of third-party sample data, which the project does not carry."""
    folder = ROOT.parent / "shared" / "samples"
    if not folder.is_dir():
        pytest.skip("the sample data (shared/samples beside the project) are not on this machine")
    return folder


@pytest.fixture(scope="session")
def peers() -> Path:
    """The Python of an environment with pandapower and power-grid-model, which DTL itself does not need."""
    python = interpreter(os.environ.get(PEERS, "")) or Path(sys.executable)
    wanted = "from importlib.util import find_spec as f; assert f('pandapower') and f('power_grid_model')"
    if subprocess.run([python, "-c", wanted], check=False, capture_output=True).returncode:
        pytest.skip(f"{PEERS} names no environment with pandapower and power-grid-model")
    return python


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest --update-golden` writes the expected files anew; read the diff before you commit it."""
    parser.addoption("--update-golden", action="store_true", help="write expected files anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compares a text with an expected file, the whole of it."""

    def check(path: Path, text: str) -> None:
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert text == path.read_text(encoding="utf-8"), f"{path} differs; `pytest --update-golden` writes it anew"

    return check
