"""What a database refused, told by the code or the known words of its answer: user, place, lock, right or another.

The answer itself is never passed on, because it may quote a record or a secret.
"""

from __future__ import annotations

import re

from family_justice.errors import ConfigError, ContractError

#: By SQLSTATE, by the codes of Db2, then by words of PostgreSQL's client and of DuckDB: what comes first counts.
_SIGNS: tuple[tuple[str, str], ...] = (
    (
        "lock",
        r"SQLSTATE[:= ]*(55P03|40P01|57033|40001)\b|SQL0911N|SQL0913N|could not set lock on file|conflicting lock",
    ),
    ("time", r"SQLSTATE[:= ]*57014\b|SQL0952N|statement timeout"),
    ("right", r"SQLSTATE[:= ]*42501\b|SQL0551N|permission denied"),
    (
        "password",
        r"SQLSTATE[:= ]*28P01\b|SQL30082N|password authentication failed|no password supplied|no pg_hba\.conf",
    ),
    ("database", r"SQLSTATE[:= ]*3D000\b|SQL1013N|SQL30061N|database .* does not exist"),
    ("encryption", r"\bSSL\b.*(require|not support|error|verify)|certificate|SQL20576N|GSKit"),
    (
        "place",
        r"SQL30081N|SQL1336N|could not translate host name|connection refused|no route to host|timeout expired"
        r"|network is unreachable|could not connect|is the server running",
    ),
    ("lost", r"SQLSTATE[:= ]*(08|57P)...\b|SQL1224N|SQL30108N|server closed the connection|connection lost"),
)
_SAID = {
    "lock": "somebody else holds a lock on it and did not let go in time. Try again when they are done",
    "time": "the database stopped the statement after its time limit",
    "right": "the user has no right to read it. Ask for SELECT on it",
    "password": "user or password is refused. PostgreSQL takes the password from PGPASSWORD or ~/.pgpass, Db2 from "
    "DB2PASSWORD (and the user from DB2USER, if the connection names none)",
    "database": "the server has no database of this name. Check what stands after the last / of the connection string",
    "encryption": "client and server do not agree on encryption. Check the options of the connection string (sslmode; "
    "Security and SSLServerCertificate of Db2)",
    "place": "no database answers there. Check host and port of the connection string, and that they can be reached",
    "lost": "the connection was lost",
}


def reason(error: BaseException) -> str:
    """Return which refusal an error of a driver is: a key of ``_SAID``, or empty text."""
    state = getattr(error, "sqlstate", None)
    text = f"{error} {f'SQLSTATE: {state}' if state else ''}"
    return next((kind for kind, sign in _SIGNS if re.search(sign, text, re.IGNORECASE | re.DOTALL)), "")


def connection_error(error: BaseException) -> ConfigError:
    """Return the error for a database that cannot be opened."""
    kind = reason(error)
    if kind:
        return ConfigError(f"connection: the database cannot be reached: {_SAID[kind]}.")
    return ConfigError(
        f"connection: the database cannot be reached ({type(error).__name__}). Check host, port and database of the "
        f"connection string, and that the password is in the environment or the client's own file."
    )


def catalogue_error(table: str, error: BaseException) -> ConfigError:
    """Return the error for a catalogue that cannot be read."""
    kind = reason(error)
    said = f": {_SAID[kind]}." if kind else f" ({type(error).__name__})."
    return ConfigError(
        f"{table}: the catalogue of the database cannot be read{said} Check the connection and the right to read the "
        f"catalogue, and run the same command again."
    )


def fetch_error(table: str, rows: int, error: BaseException) -> ContractError:
    """Return the error for a table that stopped after ``rows``."""
    kind = reason(error)
    said = f": {_SAID[kind]}." if kind else f" ({type(error).__name__})."
    return ContractError(
        f"{table}: fetching stopped after {rows:,} rows{said} Finished tables are kept: run the same command again to "
        f"go on."
    )
