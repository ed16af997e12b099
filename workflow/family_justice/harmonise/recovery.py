"""How many of the planted defects of a synthetic source harmonisation finds, and how much of that is right."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path

from family_justice import rooms
from family_justice.contracts import research_ready_tables
from family_justice.errors import ContractError
from family_justice.files import connect, write_rows
from family_justice.sql import literal

HERE = Path(__file__).resolve().parent
RECOVERY_COLUMNS = ("defect", "unit", "planted", "found", "correct", "precision", "recall", "note")
#: Source tables that the SQL reads beside labels and answers.
RAW = (
    "CAFCASS_ALF", "CAFCASS_APPLICATION", "CAFCASS_HEARINGOUTCOMEAPPLICATION", "CAFE_CMS_TBLCASEAPPLICATION",
    "CAFE_ECMS_APPLICATIONS", "CAFE_ECMS_PERSONSONAPPLICATIONS", "defects", "answers",
)  # fmt: skip


def evaluate_harmonisation(
    raw: Path, ready: Path, quality_csv: Path, recovery_csv: Path, cms_orders_usable_from: datetime.date | None = None
) -> None:
    """Write one row per planted defect of the court records to ``recovery_csv``.

    ``raw`` is the folder of a synthetic source, with ``defects.parquet`` (labels) and ``answers.parquet`` (who is who);
    ``ready`` and ``quality_csv`` are what ``harmonise`` made of it. Both sides are sets of units (column ``unit``):
    ``planted`` and ``found`` are their sizes and ``correct`` that of what they share; precision is correct / found,
    recall correct / planted, both to four places and empty where nothing was found or planted. Defects of the tables
    linked to the court records are not looked at.

    Raises ContractError if a label is not explained in ``recovery.csv`` or a table is missing.
    """
    tables: dict[str, str | Path] = {name: raw / f"{name}.parquet" for name in RAW}
    tables |= {name: ready / f"{name}.parquet" for name in research_ready_tables()}
    missing = sorted(name for name, path in tables.items() if not Path(path).is_file())
    if missing:
        raise ContractError(f"{raw}: {', '.join(missing)} missing; only a synthetic source can be evaluated")
    with open(HERE / "recovery.csv", encoding="utf-8", newline="") as stream:
        listed = {row["defect"]: row for row in csv.DictReader(stream)}
    rooms.check(quality_csv)
    with connect(tables) as connection:
        usable_from = cms_orders_usable_from or datetime.date(2011, 4, 1)
        connection.execute(f"SET VARIABLE cms_orders_usable_from = DATE '{usable_from.isoformat()}'")
        reading = f"SELECT * FROM read_csv({literal(quality_csv)}, all_varchar = true)"
        connection.execute(f"CREATE TABLE quality AS {reading}")
        connection.execute((HERE / "recovery.sql").read_text(encoding="utf-8"))
        labels = {row[0] for row in connection.execute("SELECT DISTINCT defect FROM label").fetchall()}
        if unknown := sorted(labels - set(listed)):
            raise ContractError(f"harmonise/recovery.csv does not say how to find {', '.join(unknown)}")
        counts = connection.execute(
            "SELECT defect, count(DISTINCT planted.unit), count(DISTINCT found.unit), "
            "count(DISTINCT planted.unit) FILTER (WHERE planted.unit = found.unit) "
            "FROM planted FULL JOIN found USING (defect, unit) GROUP BY defect"
        ).fetchall()
    by_defect = {defect: (planted, found, correct) for defect, planted, found, correct in counts}
    rows = []
    for defect, row in listed.items():
        planted, found, correct = by_defect.get(defect, (0, 0, 0))
        shares = {
            "precision": f"{correct / found:.4f}" if found else "",
            "recall": f"{correct / planted:.4f}" if planted else "",
        }
        rows.append({**row, "planted": planted, "found": found, "correct": correct, **shares})
    write_rows(recovery_csv, RECOVERY_COLUMNS, rows)
