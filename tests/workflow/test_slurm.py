"""A study on a real SLURM of two nodes: the same bytes as here, in a shared store, and nothing lost with a node."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import slurmcluster
from slurmcluster import Cluster
from tinystudy import ROOT, Tiny

from dtl.workflow.store import Store

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

YEAR = ("powerflow: {hours: [0, 12, 5000]}\n", "")
"""The whole year, so that there is something to be killed in the middle of."""


class Shared(Tiny):
    """The study in a shared folder, with the store beside it, as a user of the cluster has it."""

    def __init__(self, folder: Path, cluster: Cluster | None = None):
        self.cluster = cluster
        super().__init__(folder)
        if YEAR[0] in self.study.read_text():
            self.say(*YEAR)

    def environment(self) -> dict[str, str]:
        places = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        known = super().environment() | {"PYTHONPATH": os.pathsep.join(places)}
        known |= {"DTL_STORE": str(self.store.root)}
        return known | (self.cluster.environment if self.cluster else {})

    @property
    def store(self) -> Store:
        return Store(self.folder.parent / f"{self.folder.name}-store")

    def shelves(self) -> dict[str, dict[str, str]]:
        """Every answer of the store: the digests of its outputs by its key."""
        found = {}
        for key in self.store.known():
            answer = self.store.answer(key)
            assert answer is not None
            found[key] = {name: output.digest for name, output in answer.outputs.items()}
        return found


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if reason := slurmcluster.missing():
        pytest.skip(reason)
    with Cluster(tmp_path_factory.mktemp("slurm")) as started:
        yield started


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    """The same study run on this machine alone."""
    study = Shared(tmp_path_factory.mktemp("here") / "work")
    study.dtl("run", "tiny")
    return study


def of_feeders(cluster: Cluster, since: int) -> tuple[int, str] | None:
    """The submission that solves feeders, and its node, once it runs."""
    for number, (state, node, about) in cluster.jobs().items():
        if number > since and state == "RUNNING" and "feeder" in about:
            return number, node
    return None


def until(done: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_study_on_a_cluster_gives_the_bytes_of_this_machine(cluster: Cluster, here: Shared, tmp_path: Path) -> None:
    there = Shared(tmp_path / "work", cluster)
    there.dtl("run", "tiny", "--profile", "slurm")
    assert there.bytes() == here.bytes()
    assert there.shelves() == here.shelves() != {}
    assert "0 wrong" in there.dtl("store", "verify")
    assert "nothing to do" in there.dtl("run", "tiny", "--profile", "slurm")
    jobs = cluster.jobs().values()
    assert {state for state, _, _ in jobs} == {"COMPLETED"}
    assert len(jobs) == 5, "four stages up to the feeders and one submission for all of those"

    clone = Shared(tmp_path / "clone")
    (tmp_path / "clone-store").symlink_to(there.store.root)
    clone.dtl("run", "tiny")
    assert clone.answers() == {}, "the store of the cluster answers on any machine"


def test_a_node_that_dies_in_mid_run_loses_nothing(cluster: Cluster, here: Shared, tmp_path: Path) -> None:
    since = max(cluster.jobs(), default=0)
    there = Shared(tmp_path / "work", cluster)
    process = there.start("run", "tiny", "--profile", "slurm")
    until(lambda: of_feeders(cluster, since) is not None, 300)
    number, node = of_feeders(cluster, since) or (0, "")
    until(lambda: bool(list(there.folder.glob("logs/tiny/prepare_feeder/*.log"))), 120)
    assert process.poll() is None
    assert cluster.kill(node) >= 3, "slurmd, the step and the job"
    until(lambda: cluster.states()[node].startswith("down"), 120)
    cluster.start(node)
    assert process.wait(600) == 0
    assert cluster.jobs()[number][0] == "COMPLETED", "SLURM took the submission up again"
    assert there.bytes() == here.bytes()
    assert there.shelves() == here.shelves()
    assert "0 wrong" in there.dtl("store", "verify")
