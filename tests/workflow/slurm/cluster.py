"""A real Slurm of two nodes on this host, for as long as a test needs it.

One controller and two node daemons run as children of the test, as whoever runs it, on free loopback ports, with all
their files in one folder. There is no systemd, munge, cgroup or accounting database, and nothing outside the folder is
changed.

The executor plugin removes every SLURM_ variable before it starts a job step, SLURM_CONF with them, and ``srun`` would
then look for the machine's own configuration. Rather than put ours there, ``bin/srun`` in the folder, first on PATH,
names it again.
"""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

TEMPLATE = Path(__file__).with_name("slurm.conf.in")
PROGRAMS = ("slurmctld", "slurmd", "sbatch", "srun", "squeue", "sinfo", "scancel", "scontrol")
SEARCH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
NODES = ("n1", "n2")


def missing_programs() -> list[str]:
    """Return which of Slurm's programs are not on this machine."""
    return [name for name in PROGRAMS if shutil.which(name, path=SEARCH) is None]


@contextmanager
def running(folder: Path) -> Iterator[dict[str, str]]:
    """Run a cluster in ``folder``, which must be new; yield the environment in which Slurm's commands find it."""
    conf = configure(folder)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM_", "SBATCH_"))}
    environment |= {"SLURM_CONF": str(conf), "PATH": f"{folder / 'bin'}{os.pathsep}{SEARCH}"}
    with ExitStack() as stack:
        stack.enter_context(daemon(["slurmctld", "-D", "-c", "-f", str(conf)], folder / "slurmctld.out", environment))
        for node in NODES:
            command = ["slurmd", "-D", "-N", node, "-f", str(conf)]
            stack.enter_context(daemon(command, folder / f"slurmd.{node}.out", environment))
        wait_for_nodes(environment, folder)
        stack.callback(cancel_jobs, environment)
        yield environment


def configure(folder: Path) -> Path:
    """Write the configuration and the ``srun`` that names it; return the configuration."""
    for name in ("bin", "state", *(f"spool.{node}" for node in NODES)):
        (folder / name).mkdir(parents=True)
    host = socket.gethostname().partition(".")[0]
    controller, *ports = free_ports(1 + len(NODES))
    nodes = (
        f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=4 RealMemory=16000"
        for node, port in zip(NODES, ports, strict=True)
    )
    settings = {
        "host": host,
        "user": getpass.getuser(),
        "folder": folder,
        "port": controller,
        "nodes": "\n".join(nodes),
    }
    conf = folder / "slurm.conf"
    conf.write_text(TEMPLATE.read_text().format(**settings, names=",".join(NODES)))
    (folder / "cgroup.conf").write_text("CgroupAutomount=no\n")  # the daemons ask for it though no cgroup is used
    srun = folder / "bin/srun"
    srun.write_text(f'#!/bin/sh\nSLURM_CONF={conf} exec {shutil.which("srun", path=SEARCH)} "$@"\n')
    srun.chmod(0o755)
    return conf


def free_ports(number: int) -> list[int]:
    """Return ports that nobody listens on; all are held until all are found, so that they differ."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextmanager
def daemon(command: list[str], output: Path, environment: dict[str, str]) -> Iterator[None]:
    """Run one daemon in the foreground of its own session, and stop it at the end."""
    program = shutil.which(command[0], path=SEARCH) or command[0]
    with output.open("wb") as stream:
        process = subprocess.Popen(
            [program, *command[1:]],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for_nodes(environment: dict[str, str], folder: Path, seconds: float = 60) -> None:
    """Wait until every node can take a job; on failure say what the daemons said."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        states = ask(["sinfo", "--noheader", "--Node", "--format", "%T"], environment).split()
        if states == ["idle"] * len(NODES):
            return
        time.sleep(0.3)
    said = "\n".join(f"{path.name}:\n{path.read_text()[-2000:]}" for path in sorted(folder.glob("*.out")))
    raise RuntimeError(f"Slurm's nodes were not ready after {seconds:.0f} seconds.\n{said}")


def jobs(environment: dict[str, str]) -> list[str]:
    """Return the state of every job so far, finished ones too, in order of submission."""
    return ask(["squeue", "--noheader", "--states", "all", "--sort", "i", "--format", "%T"], environment).split()


def cancel_jobs(environment: dict[str, str]) -> None:
    """Cancel what still runs, so that no step outlives the nodes."""
    ask(["scancel", "--full", "--user", getpass.getuser()], environment)
    end = time.monotonic() + 15
    while time.monotonic() < end and ask(["squeue", "--noheader"], environment):
        time.sleep(0.3)


def ask(command: list[str], environment: dict[str, str]) -> str:
    """Return what a Slurm command prints; nothing if it cannot reach the controller yet."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout.strip()
