"""The server of a run: imports once, then forks a process for every job that a client asks for.

Run by its path in the private folder of the run, with a socket that listens as file 3. It has one thread and waits for
three things: a client, the end of a job, and the end of Snakemake.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import selectors
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NoReturn

#: What jobs import later than at their start, so that it is not found by importing what they import themselves.
IMPORTED = (
    *("pandas", "duckdb", "scipy.stats", "jinja2", "fontTools.subset", "matplotlib.figure"),
    *(f"matplotlib.backends.backend_{kind}" for kind in ("agg", "pdf", "svg")),
    *("family_justice.jobs", "family_justice.sources.synthetic"),
)
#: Seconds that a job has to clean up once nobody waits for it.
GRACE = 3


def serve() -> None:
    """Fork for every client until Snakemake is gone."""
    from family_justice.fingerprint import imported_by_jobs

    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
    for module in (*IMPORTED, *imported_by_jobs()):
        importlib.import_module(module)
    sys.modules["duckdb"].default_connection().close()  # it has a thread, and jobs open their own
    refuse_threads()
    gc.freeze()  # what no collection touches stays shared with the jobs
    gc.set_threshold(100_000)  # a job is short: to look for cycles at every 700 objects is a tenth of drawing
    listener, alive = socket.socket(fileno=3), os.open("alive", os.O_RDONLY | os.O_NONBLOCK)
    woken, wake = socket.socketpair()
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    clients: dict[int, socket.socket] = {}  # by the process of their job
    with selectors.DefaultSelector() as selector:
        for source in (listener, woken, alive):
            selector.register(source, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in selector.select()]
            if alive in ready:
                return shutil.rmtree(os.getcwd(), ignore_errors=True)
            if woken in ready:
                woken.recv(4096)
                tell(clients)
            if listener in ready:
                client, _ = listener.accept()
                server, process = os.getpid(), os.fork()
                if not process:
                    for other in (listener, woken, wake, *clients.values()):
                        other.close()
                    be_job(client, server)
                clients[process] = client


def refuse_threads() -> None:
    """End with a reason if an import has started a thread; jemalloc's own it starts again in the process of a job."""
    tasks = Path("/proc/self/task")
    names = [(task / "comm").read_text().strip() for task in tasks.iterdir()] if tasks.is_dir() else []
    others = sorted(name for name in names if name != "jemalloc_bg_thd")[1:]
    if others:
        raise SystemExit(f"an import has started threads ({', '.join(others)}), which the process of a job would lack")


def tell(clients: dict[int, socket.socket]) -> None:
    """Tell the clients whose jobs have ended how: the exit code, or minus the signal."""
    while clients:
        process, status = os.waitpid(-1, os.WNOHANG)
        if not process:
            return
        with clients.pop(process) as client, contextlib.suppress(OSError):
            client.sendall(b"%d" % os.waitstatus_to_exitcode(status))


def be_job(client: socket.socket, server: int) -> NoReturn:
    """Be the job that a client wishes, with its streams, folder and environment; never return."""
    from family_justice.jobs import main

    status: int | str | None = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        size, streams, *_ = socket.recv_fds(client, 8, 3)
        for target, source in enumerate(streams):
            os.dup2(source, target)
            os.close(source)
        folder, number, *words = client.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL).split(b"\0")
        arguments, environment = words[: int(number)], words[int(number) :]
        threading.Thread(target=watch, args=(client, server), daemon=True).start()
        os.chdir(folder)
        os.environb.clear()
        os.environb.update(pair.split(b"=", 1) for pair in environment)  # type: ignore[misc]
        tempfile.tempdir = None  # it was the server's
        main([os.fsdecode(word) for word in arguments])
        status = 0
    except SystemExit as error:
        status = error.code
    except BaseException as error:  # its message may quote a record
        status = type(error).__name__
    finally:
        if isinstance(status, str):
            print(status, file=sys.stderr)
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status if isinstance(status, int) else 1 if status else 0)


def watch(client: socket.socket, server: int) -> None:
    """End this process when its client or its server has gone: in order if it can, and after the grace at once."""
    client.settimeout(0.5)
    while os.getppid() == server:
        with contextlib.suppress(TimeoutError):
            if not client.recv(1):
                break
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(GRACE)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    serve()
