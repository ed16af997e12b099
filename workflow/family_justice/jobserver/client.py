"""What Snakemake starts for each job: asks the server of the run to do it, and ends as the job ends.

Run by its path, without the library. It imports as little as it can, because this is what every job waits for: the
module ``socket`` alone takes longer to import than Python to start, so its core is used.
"""

import _socket as socket
import fcntl
import os
import sys

FOLDER = "FAMILY_JUSTICE_JOBS"


def run(arguments: list[str]) -> int:
    """Have a job done, by a server that is started if there is none yet; return its exit code."""
    here, folder = os.getcwd(), os.environ.get(FOLDER, "")
    try:
        os.chdir(folder)  # the address of a socket has 107 characters at most; a name in this folder is short
        connection = connect()
    except OSError as error:
        return fail(f"the server of jobs cannot be started in '{folder}': {error}")
    environment = [b"%s=%s" % pair for pair in os.environb.items()]
    wish = b"\0".join([os.fsencode(here), b"%d" % len(arguments), *map(os.fsencode, arguments), *environment])
    streams = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))
    try:
        connection.sendmsg([len(wish).to_bytes(8, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)])
        connection.sendall(wish)
        answer = connection.recv(16)
    except ConnectionError:
        answer = b""
    if not answer:
        try:
            with open("log", encoding="utf-8") as log:
                said = log.read().strip() or "nothing"
        except OSError:  # the folder goes with the run
            said = "nothing; the run has ended"
        return fail(f"the server of jobs has ended, and this job with it. It said: {said}")
    if int(answer) < 0:
        return fail(f"{' '.join(arguments)}: ended by {signal_name(-int(answer))}", 128 - int(answer))
    return int(answer)


def fail(message: str, status: int = 1) -> int:
    """Say on the terminal why a job has failed."""
    print(message, file=sys.stderr)
    return status


def signal_name(number: int) -> str:
    """Return the name of the signal that ended a job."""
    import signal

    name = signal.Signals(number).name
    return f"{name}, as the system does when memory runs out" if name == "SIGKILL" else name


def connect() -> socket.socket:
    """Connect to the server. The first client that finds none makes it, while the others wait for the lock."""
    connection = socket.socket(socket.AF_UNIX)
    if connection.connect_ex("socket") == 0:
        return connection
    with open("lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if connection.connect_ex("socket"):
            start()
            connection.connect("socket")
    return connection


def start() -> None:
    """Start the server. It is given a socket that listens already, so that clients need not wait for its imports."""
    if os.path.exists("socket"):
        os.unlink("socket")  # of a server that was killed
    listener = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o177)
    listener.bind("socket")
    os.umask(mask)
    listener.listen(128)
    if os.fork():
        return listener.close()
    os.setsid()  # Ctrl-C is for the clients
    nothing, log = os.open(os.devnull, os.O_RDONLY), os.open("log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    given = [os.dup(descriptor) for descriptor in (nothing, log, log, listener.fileno())]
    for target, source in enumerate(given):
        os.dup2(source, target)
    os.execv(sys.executable, [sys.executable, "-P", os.path.join(os.path.dirname(__file__), "server.py")])


if __name__ == "__main__":
    try:
        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
