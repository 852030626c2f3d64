"""The toy world: run once, copied for every test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from toyworld import World, entered

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world in which everything was run."""
    folder = tmp_path_factory.mktemp("base")
    shutil.copytree(HERE / "toy", folder / "code" / "toy", ignore=shutil.ignore_patterns("__pycache__"))
    with pytest.MonkeyPatch.context() as patch, entered(patch, folder) as world:
        world.build().run()
    return folder


@pytest.fixture
def world(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world of this test's own, in which everything was run."""
    folder = tmp_path / "world"
    shutil.copytree(base, folder, copy_function=shutil.copy2)
    with entered(monkeypatch, folder) as world:
        yield world


@pytest.fixture
def another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[World], World]:
    """Makes a fresh clone of a world: its study and code and, if asked, its store, without results."""

    def clone(world: World, *, store: bool = True) -> World:
        folder = tmp_path / "clone"
        for name in ("studies", "code", *([".dtl-store"] if store else [])):
            shutil.copytree(world.folder / name, folder / name)
        monkeypatch.chdir(folder)
        return World(folder, world.code)

    return clone
