"""A real SLURM on this machine's loopback: munge, a controller and two nodes, without systemd, root or accounting.

The programs are those of Debian's packages: ``apt-get install --no-install-recommends slurm-wlm munge``. Two nodes on
one host are two `slurmd -N NAME`, each with a port and a spool folder of its own. As a program,
``python tests/workflow/slurmcluster.py FOLDER`` starts a cluster, prints what a shell must export, and stops it at the
end of its input.
"""

from __future__ import annotations

import getpass
import importlib.util
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol")
PLUGINS = ("snakemake_executor_plugin_slurm", "snakemake_executor_plugin_slurm_jobstep")
PLACES = "/usr/sbin:/usr/bin:/sbin:/bin"
NODES = ("n1", "n2")
PATIENCE_S = 30.0

CONFIGURATION = """\
ClusterName=dtl
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
SlurmdTimeout=10
MinJobAge=36000
ReturnToService=2
SwitchType=switch/none
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SlurmdParameters=config_overrides
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=4 RealMemory=16000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=4 RealMemory=16000
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
"""
"""Cores and memory are claimed, not there: the test is of what is lost, not of how quick it is. So are ended jobs
remembered for longer than a slow machine takes."""

OWN_PROFILE = """\
slurm-status-command: squeue
slurm-init-seconds-before-status-checks: 2
slurm-no-account: true
"""
"""What of a cluster is its own, as its users would write it: here there is no accounting, and nobody to wait for."""


def missing() -> str:
    """What this machine lacks for a cluster, as the reason of a skipped test; empty if nothing."""
    lacks = [name for name in PROGRAMS if shutil.which(name, path=PLACES) is None]
    if lacks:
        return f"needs {', '.join(lacks)}: apt-get install --no-install-recommends slurm-wlm munge"
    lacks = [name.replace("_", "-") for name in PLUGINS if importlib.util.find_spec(name) is None]
    return f"needs {', '.join(lacks)}: pip install -e '.[slurm]'" if lacks else ""


class Cluster:
    """A cluster of two nodes in a folder of its own; a context that stops what it started."""

    def __init__(self, folder: Path):
        self.folder = folder.resolve()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def environment(self) -> dict[str, str]:
        """What a user's shell has: the configuration, the programs, and a profile of the cluster's own settings."""
        places = [str(self.folder / "bin"), str(Path(sys.executable).parent), *PLACES.split(":")]
        return {
            "SLURM_CONF": str(self.folder / "slurm.conf"),
            "SNAKEMAKE_PROFILE": str(self.folder / "profile"),
            "PATH": os.pathsep.join([*places, os.environ.get("PATH", "")]),
        }

    def __enter__(self) -> Cluster:
        self._write()
        try:
            munge = ["--key-file", "munge.key", "--pid-file", "munge.pid", "--log-file", "munge.log"]
            munge += ["--seed-file", "munge.seed", "--socket", "munge.socket"]
            words = [w if w.startswith("--") else str(self.folder / w) for w in munge]
            self._start("munged", ["munged", "--foreground", "--force", *words])
            self._until(lambda: (self.folder / "munge.socket").exists(), "munged")
            self._start("slurmctld", ["slurmctld", "-D"])
            for node in NODES:
                self.start(node)
            self._until(lambda: set(self.states().values()) == {"idle"}, "the nodes")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for node in NODES:
            self.kill(node)
        for name in reversed(list(self.processes)):
            process = self.processes.pop(name)
            process.terminate()
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, node: str) -> None:
        """Start a node."""
        (self.folder / "spool" / node).mkdir(parents=True, exist_ok=True)
        self._start(node, ["slurmd", "-D", "-N", node], DTL_NODE=f"{self.folder}/{node}")

    def kill(self, node: str) -> int:
        """End a node as a power cut does: its slurmd and all that runs on it; how many processes that were."""
        marks = (f"DTL_NODE={self.folder}/{node}", f"SLURMD_NODENAME={node}")
        found = [pid for pid in self._own() if any(m in _environment(pid) for m in marks)]
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        process = self.processes.pop(node, None)
        if process is not None:
            process.wait()
        return len(found)

    def states(self) -> dict[str, str]:
        """State by node, as `sinfo` says it."""
        said = self.ask("sinfo", "--noheader", "--Node", "--format=%N %T")
        return dict(line.split() for line in said.splitlines())

    def jobs(self) -> dict[int, tuple[str, str, str]]:
        """State, node and command of every job that the controller remembers."""
        said = self.ask("squeue", "--noheader", "--states=all", "--format=%i|%T|%N|%k")
        rows = [line.split("|") for line in said.splitlines()]
        return {int(row[0]): (row[1], row[2], row[3]) for row in rows}

    def ask(self, *words: str) -> str:
        """What a program of SLURM says; nothing while the controller does not answer."""
        known = {**os.environ, **self.environment}
        return subprocess.run(words, env=known, capture_output=True, text=True, check=False).stdout

    def _write(self) -> None:
        for name in ("state", "spool", "bin", "profile"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        key = self.folder / "munge.key"
        key.write_bytes(secrets.token_bytes(1024))
        key.chmod(0o400)
        text = CONFIGURATION.format(
            host=socket.gethostname().partition(".")[0], user=getpass.getuser(), folder=self.folder, ports=_free(3)
        )
        (self.folder / "slurm.conf").write_text(text)
        (self.folder / "profile/config.yaml").write_text(OWN_PROFILE)
        srun = self.folder / "bin/srun"  # the plugin of job steps takes SLURM_CONF out of the environment
        program = shutil.which("srun", path=PLACES)
        srun.write_text(f'#!/bin/sh\nSLURM_CONF={shlex.quote(str(self.folder))}/slurm.conf exec {program} "$@"\n')
        srun.chmod(0o755)

    def _start(self, name: str, words: list[str], **more: str) -> None:
        with (self.folder / f"{name}.said").open("ab") as said:
            self.processes[name] = subprocess.Popen(
                words,
                env={**os.environ, **self.environment, **more},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _until(self, done: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not done():
            if time.monotonic() > deadline:
                logs = [f"-- {p.name}\n{p.read_text(errors='replace')[-2000:]}" for p in self.folder.glob("*.log")]
                raise TimeoutError(f"{what} did not start\n" + "\n".join(logs))
            time.sleep(0.1)

    def _own(self) -> list[int]:
        """The processes that belong to this cluster: those that know its configuration."""
        mark = f"SLURM_CONF={self.folder}/slurm.conf"
        pids = [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()]
        return [pid for pid in pids if pid != os.getpid() and mark in _environment(pid)]


def _environment(pid: int) -> list[str]:
    """The environment that a process was started with; empty if it is gone or another user's."""
    try:
        return Path(f"/proc/{pid}/environ").read_text(errors="replace").split("\0")
    except OSError:
        return []


def _free(count: int) -> list[int]:
    """Ports of the loopback that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for each in sockets:
        each.close()
    return ports


def main() -> None:
    """Start a cluster in a folder, say how to reach it, stop it when the input ends."""
    if reason := missing():
        sys.exit(reason)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with Cluster(folder) as cluster:
        print("".join(f"export {k}={shlex.quote(v)}\n" for k, v in cluster.environment.items()), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
