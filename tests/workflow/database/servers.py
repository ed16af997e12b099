"""A real PostgreSQL server for as long as a test needs it, and H2 in its Db2 mode for the text of statements.

The server runs in one folder on a free loopback port; as root it runs as ``nobody``, since PostgreSQL refuses root.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BIN = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
PASSWORD = "only-for-this-test"
H2 = sorted(Path("/usr/share/java").glob("h2-[0-9]*.jar"))


def program(name: str) -> str | None:
    """Return the path of one of PostgreSQL's programs; Debian keeps them away from PATH."""
    return shutil.which(name, path=os.pathsep.join([*map(str, BIN[::-1]), os.environ.get("PATH", "")]))


def missing_programs() -> list[str]:
    """Return which of PostgreSQL's programs are not on this machine."""
    return [name for name in ("initdb", "postgres", "pg_ctl") if program(name) is None]


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a server with a password in a folder of its own; yield a connection string without the password."""
    # Not in pytest's folders: they are for their owner alone.
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    user = ["runuser", "-u", "nobody", "--"] if os.geteuid() == 0 else []
    password = folder / "password"
    password.write_text(PASSWORD)
    if user:
        nobody = pwd.getpwnam("nobody")
        for path in (folder, password):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = str(folder / "data")
    options = ["-U", "analyst", "-A", "scram-sha-256", "--pwfile", str(password), "-E", "UTF8", "-N"]
    control = [*user, str(program("pg_ctl")), "-D", data, "-w"]
    server = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off"
    try:
        run([*user, str(program("initdb")), "-D", data, *options, "--locale", "C.UTF-8"], folder)
        run([*control, "-l", str(folder / "log"), "-o", server, "start"], folder)
        try:
            yield f"postgresql://analyst@127.0.0.1:{port}/postgres"
        finally:
            run([*control, "-m", "immediate", "stop"], folder)
    finally:
        shutil.rmtree(folder)


def run(command: list[str], folder: Path) -> str:
    """Run a command; show what it said if it fails."""
    # Not a pipe: a server that is started keeps its parent's output open.
    with open(folder / "out", "w+", encoding="utf-8") as out:
        answer = subprocess.run(command, cwd=folder, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        out.seek(0)
        said = out.read()
    assert answer.returncode == 0, f"{command[:6]}\n{said[-3000:]}"
    return said


def h2_in_db2_mode(folder: Path, script: str) -> str:
    """Run SQL in H2's Db2 mode and return what its shell prints."""
    path = folder / "script.sql"
    path.write_text(script)
    url = "jdbc:h2:mem:sail;MODE=DB2;DATABASE_TO_UPPER=TRUE"
    java = ["java", "-cp", str(H2[-1]), "org.h2.tools.RunScript", "-url", url, "-script", str(path), "-showResults"]
    return run(java, folder)
