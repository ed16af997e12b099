"""Connection strings taken apart: each part is honoured or refused by its name, none is passed over."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qsl, unquote

from family_justice.errors import ConfigError, did_you_mean, report_together

# fmt: off
#: What PostgreSQL's client takes after ``?``; it reads them itself.
_POSTGRESQL = (
    "application_name", "channel_binding", "client_encoding", "connect_timeout", "dbname",
    "fallback_application_name", "gssdelegation", "gssencmode", "gsslib", "host", "hostaddr", "keepalives",
    "keepalives_count", "keepalives_idle", "keepalives_interval", "krbsrvname", "load_balance_hosts", "options",
    "passfile", "port", "require_auth", "requirepeer", "requiressl", "service", "ssl", "ssl_max_protocol_version",
    "ssl_min_protocol_version", "sslcert", "sslcertmode", "sslcompression", "sslcrl", "sslcrldir", "sslkey",
    "sslmode", "sslnegotiation", "sslrootcert", "sslsni", "target_session_attrs", "tcp_user_timeout", "user",
)
#: Keywords of Db2's client that may follow ``?``; they go into its connection text. Any spelling of letters.
_DB2 = (
    "Authentication", "ClientApplName", "ConnectTimeout", "CurrentSchema", "KRBPlugin", "LockTimeout",
    "QueryTimeoutInterval", "ReceiveTimeout", "Security", "SSLClientHostnameValidation", "SSLClientKeystash",
    "SSLClientKeystoredb", "SSLClientLabel", "SSLServerCertificate", "TLSVersion",
)
# fmt: on


def options_of(parts: SplitResult) -> dict[str, str]:
    """Return the options of a connection string, those of Db2 in capitals. ConfigError names what is not known."""
    given = parse_qsl(parts.query, keep_blank_values=True)
    known = {"postgresql": _POSTGRESQL, "postgres": _POSTGRESQL, "db2": _DB2}.get(parts.scheme, ())
    allowed = set(known) if parts.scheme != "db2" else {name.upper() for name in known}
    asked = {name.upper() if parts.scheme == "db2" else name: value for name, value in given}
    problems = [
        f"option '{name}' is not known for {parts.scheme}. {did_you_mean(name, known)}"
        for name, _ in given
        if (name.upper() if parts.scheme == "db2" else name) not in allowed
    ]
    if len(asked) < len(given):
        problems.append("an option stands there twice")
    if parts.fragment:
        problems.append("'#' begins a part that no database has; write %23 for it")
    report_together("connection", problems, ConfigError)
    return asked


def db2_text(parts: SplitResult, user: str, password: str) -> str:
    """Return the connection text for Db2's client: of a server, or of a database that its catalogue knows by name.

    The client parts the text at each ';' and has no way to write one inside a value, neither in braces nor in quotes
    (IBM, "Password rules for drivers and CLPPlus"; it takes the other printable ASCII characters as they are, and
    cuts blanks around a password). So a value with one is refused; see ``fits_text``.
    """
    settings = {"DATABASE": unquote(parts.path.strip("/"))}
    if parts.hostname:
        settings |= {"HOSTNAME": parts.hostname, "PORT": str(parts.port or 50000), "PROTOCOL": "TCPIP"}
    settings |= {"UID": user, "PWD": password, **options_of(parts)}
    _all_fit(settings)
    return "".join(f"{name}={value};" for name, value in settings.items() if value)


def fits_text(value: str) -> bool:
    """Say whether Db2's client reads a value out of a connection text as it is."""
    return all(" " <= mark <= "~" and mark != ";" for mark in value) and value == value.strip(" ")


def _all_fit(settings: Mapping[str, str]) -> None:
    problems = []
    for name, value in settings.items():
        if fits_text(value):
            continue
        if name == "PWD":
            problems.append(
                "the password in DB2PASSWORD has a ';', a blank at an end or a character outside ASCII, which Db2's "
                "client cannot take together with host and port. Change the password; or name the database in the "
                "client's own catalogue (db2dsdriver.cfg) and write db2://user@/NAME, without host and options"
            )
        else:
            problems.append(f"{name}: ';', blanks at an end and characters outside ASCII cannot be passed on")
    report_together("connection", problems, ConfigError)
