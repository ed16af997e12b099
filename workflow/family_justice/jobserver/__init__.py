"""Start jobs cheaply: one process imports pandas, DuckDB, SciPy and matplotlib once, and forks itself for every job.

A run has some hundred jobs, most of which work for less than a second, and a Python that imports what they need takes
more than a second of processor time to start. So the first job of a run starts a server (``server``), which ends with
the run; what Snakemake starts for each job is a client of it (``client``), which takes a hundredth of that. Jobs share
imported modules, and nothing else.

- A run owns a private folder (``open_folder``): a socket, a lock, the server's log and a pipe that Snakemake holds
  open. When Snakemake ends, however it ends, the pipe closes, and the server goes with its jobs and the folder.
- A client sends the names of its job, its environment, its folder and its standard streams themselves: what a job
  writes to the terminal passes through nobody. It gets back the exit code, or the signal that the job died of.
- A client that dies (Ctrl-C, kill) closes its connection, and its job ends itself; so does a job whose server died.
- Threads do not survive a fork. The server has none, and refuses to start jobs if an import has started one.

There is no other way to fall back on: a job that finds no server and cannot start one fails, and says why.
"""

from __future__ import annotations

import atexit
import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

#: Environment variable with the private folder of the run.
FOLDER = "FAMILY_JUSTICE_JOBS"


def open_folder() -> str:
    """Make the private folder of a run and return the command that runs a job by its server: for Snakemake to call."""
    folder = tempfile.mkdtemp(prefix="family-justice-")  # mode 0700
    os.mkfifo(f"{folder}/alive", 0o600)
    os.open(f"{folder}/alive", os.O_RDWR | os.O_NONBLOCK)  # open as long as this process lives, and in no other
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ[FOLDER] = folder
    # -S -E -P: nothing of the environment is looked for, which is half of the time that Python takes to start.
    return shlex.join([sys.executable, "-S", "-E", "-P", str(Path(__file__).with_name("client.py"))])
