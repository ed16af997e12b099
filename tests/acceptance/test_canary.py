"""Nothing of a record stands outside the restricted room, even where every job has crashed with a record in its message.

The identifiers and small areas of the synthetic population are unmistakable, so every byte can be searched for them:
logs, reports, pictures with their metadata, Snakemake's own files and what it printed, and the repository itself.
"""

from __future__ import annotations

import datetime
import gzip
import re
import struct
import subprocess
import zipfile
import zlib
from pathlib import Path

import duckdb
from conftest import CANARY, ROOT

from family_justice.contracts import research_ready_tables, source_tables

#: Identifiers have ten digits, areas a letter and eight; hexadecimal hashes and longer numbers are something else.
NUMBER = re.compile(rb"(?<![0-9A-Za-z.])[0-9]{8,12}(?![0-9A-Za-z.])")
AREA = re.compile(rb"(?<![0-9A-Za-z])[EWS][0-9]{8}(?![0-9])")
DATE = re.compile(rb"(?<![0-9])(?:1[89]|2[0-9]|79)[0-9]{2}-[01][0-9]-[0-3][0-9](?![0-9])")
SECRET = ("identifier", "small_area")


def marks(run: Path) -> set[bytes]:
    """Return every identifier and small area of the population as text."""
    found: set[bytes] = set(CANARY.encode().split())
    for room, tables in (("raw", source_tables()), ("ready", research_ready_tables())):
        for name, table in tables.items():
            path = run / f"results/restricted/sources/synthetic/{room}/{name}.parquet"
            secret = [column for column, spec in table.columns.items() if spec.sensitivity in SECRET]
            if not path.is_file():
                continue
            for column in secret:
                rows = duckdb.sql(f"SELECT DISTINCT \"{column}\"::VARCHAR FROM read_parquet('{path}')").fetchall()
                found |= {value.encode() for (value,) in rows if value is not None}
    return found


def contents(path: Path) -> bytes:
    """Return what a file says: a picture's text chunks without its picture, a packed file unpacked."""
    data = path.read_bytes()
    if path.suffix == ".png":
        return b"\n".join(text_chunks(data))
    if path.suffix in (".docx", ".xlsx"):
        with zipfile.ZipFile(path) as parts:
            return b"\n".join(parts.read(name) for name in parts.namelist())
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def text_chunks(png: bytes) -> list[bytes]:
    """Return every chunk of a PNG file but those that only draw, the packed ones unpacked as well."""
    place, chunks = 8, []
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        kind, body = png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        if kind not in (b"IDAT", b"PLTE"):
            chunks.append(body)
            if kind in (b"zTXt", b"iTXt"):
                packed = body.split(b"\0", 2)[-1].lstrip(b"\0")
                chunks.append(zlib.decompressobj().decompress(packed) if packed[:1] == b"\x78" else packed)
        place += 12 + length
    return chunks


def hits(files: list[Path], secret: set[bytes]) -> list[str]:
    """Return the files in which one of the marks stands."""
    return [
        str(path)
        for path in files
        if not secret.isdisjoint(NUMBER.findall(text := contents(path))) or not secret.isdisjoint(AREA.findall(text))
    ]


def outside(run: Path) -> list[Path]:
    """Return every file of a run but the records and the copied program."""
    inside = (run / "results/restricted", run / "workflow", run / "config")
    return [path for path in sorted(run.rglob("*")) if path.is_file() and not any(map(path.is_relative_to, inside))]


def repository() -> list[Path]:
    """Return the files of the repository; a checkout without git is searched whole."""
    answer = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = answer.stdout.splitlines()
    return [path for name in names if (path := ROOT / name).is_file()]


def test_the_search_bites(finished_run: Path, tmp_path: Path) -> None:
    secret = marks(finished_run)
    assert len(secret) > 10_000
    one = next(mark for mark in sorted(secret) if len(mark) == 10)
    for name, data in (("plain.log", b"person " + one), ("packed.gz", gzip.compress(b"a," + one + b",b"))):
        (tmp_path / name).write_bytes(data)
    chunk = b"Comment\0" + one
    picture = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(chunk)) + b"tEXt" + chunk + b"\0\0\0\0"
    (tmp_path / "picture.png").write_bytes(picture)
    with zipfile.ZipFile(tmp_path / "tables.xlsx", "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("sheet.xml", b"<t>" + one + b"</t>")
    (tmp_path / "hash.txt").write_bytes(b"a1" + one + b"b2")
    found = hits(sorted(tmp_path.iterdir()), secret)
    assert [Path(path).name for path in found] == ["packed.gz", "picture.png", "plain.log", "tables.xlsx"]


def test_no_byte_outside_the_restricted_room_is_of_a_record(finished_run: Path, crashed_run: Path) -> None:
    secret = marks(finished_run)
    files = [*outside(finished_run), *outside(crashed_run), *repository()]
    searched = sum(path.stat().st_size for path in files)
    print(f"{searched:,} bytes in {len(files):,} files searched for {len(secret):,} marks")
    assert any(path.name.endswith(".crashed") for path in files)
    assert any(".snakemake" in path.parts for path in files)
    assert hits(files, secret) == []


def test_no_date_outside_is_one_that_the_configuration_does_not_name(finished_run: Path, crashed_run: Path) -> None:
    """A date of birth has no mark, so every date must be explained."""
    known = {date for path in repository() for date in DATE.findall(path.read_bytes())}
    today = datetime.date.today()
    known |= {str(today - datetime.timedelta(days=days)).encode() for days in range(3)}
    unexplained = [
        str(path)
        for path in [*outside(finished_run), *outside(crashed_run)]
        if not known.issuperset(DATE.findall(contents(path)))
    ]
    assert unexplained == []


def test_every_job_crashed_and_said_why_without_saying_what(crashed_run: Path) -> None:
    crashed = [path.with_suffix("") for path in sorted(crashed_run.rglob("*.crashed"))]
    assert crashed == sorted((crashed_run / "logs").rglob("*.log"))
    said = (crashed_run / "printed.txt").read_text()
    withheld = re.escape("reading the records\nValueError (message withheld: it may quote a record)\n")
    names = [path.relative_to(crashed_run).as_posix() for path in crashed]
    silent = [name for name in names if not re.search(rf"Logfile {re.escape(name)}:\n=+\n{withheld}", said)]
    assert silent == []
