"""Set published figures beside what a source's research-ready tables give, each by a query that can be read.

config/references/population.csv --published--\\
config/calibration/*.yaml ------SQL---> n, of --interval--> verdict --> calibration.csv
"""

from __future__ import annotations

import argparse
import csv
import math
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from family_justice.cohorts.extract import MACROS
from family_justice.config.base import Sql, Strict, sql_of
from family_justice.contracts import research_ready_tables
from family_justice.errors import AnalysisError, ConfigError, PipelineError, did_you_mean, report_together
from family_justice.files import write_rows
from family_justice.study_sql import StudySql, problems_of

COLUMNS = ("id", "quantity", "unit", "target", "achieved", "low", "high", "verdict", "reason", "source", "address")
REFERENCE_COLUMNS = (
    "id", "quantity", "jurisdiction", "period", "value", "low", "high", "unit", "source", "address", "note",
)  # fmt: skip
#: What a query of each unit returns, and the factor from share to unit. Medians return one value a row.
COUNTS, SHARES, MEDIANS = ("number",), {"percent": 100, "per 10,000": 10_000}, ("weeks", "months")
LEVEL = 0.95
MET, NOT_MET, CANNOT_TELL = "met", "not met", "cannot tell"
NOT_MODELLED, NO_RECORDS = "not modelled", "no records"


class Calibration(Strict):
    """The files of config/calibration: how published figures are computed."""

    tolerance: float
    widest: float
    views: dict[str, Sql]
    targets: dict[str, Sql]
    not_modelled: dict[str, str]


@dataclass(frozen=True)
class Achieved:
    """A figure of the population with its interval, on the scale of the published one."""

    value: float
    low: float
    high: float


def poisson_interval(events: int) -> tuple[float, float]:
    """Return the exact 95% interval of a Poisson mean (Garwood 1936); R's ``poisson.test``."""
    from scipy.stats import chi2

    tail = (1 - LEVEL) / 2
    low = chi2.ppf(tail, 2 * events) / 2 if events else 0.0
    return float(low), float(chi2.ppf(1 - tail, 2 * (events + 1)) / 2)


def binomial_interval(events: int, of: int) -> tuple[float, float]:
    """Return the exact 95% interval of a share (Clopper and Pearson 1934); R's ``binom.test``."""
    from scipy.stats import beta

    tail = (1 - LEVEL) / 2
    low = beta.ppf(tail, events, of - events + 1) if events else 0.0
    return float(low), float(beta.ppf(1 - tail, events + 1, of - events) if events < of else 1.0)


def median_interval(values: list[float]) -> Achieved:
    """Return the median with the 95% interval of its order statistics (sign test); ends where these do not exist."""
    from scipy.stats import binom

    ordered, size = sorted(values), len(values)
    below = int(binom.ppf((1 - LEVEL) / 2, size, 0.5))
    middle = (ordered[(size - 1) // 2] + ordered[size // 2]) / 2
    low = max(below - 1, 0)
    return Achieved(middle, ordered[low], ordered[size - 1 - low])


def read_calibration(folder: Path, references: Path) -> tuple[Calibration, list[dict[str, str]]]:
    """Return the queries of ``config/calibration`` and the rows of the published figures.

    Raises ConfigError if a file has the wrong form or a figure has no query and no reason, or both.
    """
    data: dict[str, Any] = {}
    for name in ("views.yaml", "targets.yaml"):
        try:
            with open(folder / name, encoding="utf-8") as stream:
                data |= yaml.load(stream, Loader=yaml.CSafeLoader) or {}
        except (OSError, yaml.YAMLError, TypeError):
            raise ConfigError(f"{folder / name}: cannot be read as YAML with keys") from None
    try:
        calibration = Calibration.model_validate(data)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in error.errors()]
        report_together(str(folder), problems, ConfigError)
        raise
    with open(references, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    report_together(str(references), _problems(rows), ConfigError)
    known = [row["id"] for row in rows]
    both = {**calibration.targets, **calibration.not_modelled}
    problems = [f"'{name}' has no query and no reason under not_modelled" for name in known if name not in both]
    problems += [f"'{name}' is no published figure. {did_you_mean(name, known)}" for name in both if name not in known]
    problems += [f"'{name}' is both" for name in calibration.targets if name in calibration.not_modelled]
    report_together(str(folder / "targets.yaml"), problems, ConfigError)
    return calibration, rows


def check_calibration(config: Path) -> None:
    """Raise ``ConfigError`` with what is wrong with the files of ``config/calibration``, their SQL included.

    ``config`` is the folder of the configuration. Done once, before any job; the job checks what it runs.
    """
    folder = config / "calibration"
    calibration, _ = read_calibration(folder, config / "references" / "population.csv")
    tables = {*research_ready_tables(), *(path.stem for path in (config / "codelists").glob("*.csv"))}
    tables |= set(calibration.views)
    problems = [f"{at}: {p}" for at, text, place in sql_of(calibration) for p in problems_of(text, place, tables)]
    report_together(str(folder), problems, ConfigError)


def _problems(rows: list[dict[str, str]]) -> list[str]:
    if not rows or tuple(rows[0]) != REFERENCE_COLUMNS:
        return [f"write the columns {', '.join(REFERENCE_COLUMNS)}"]
    units = (*COUNTS, *SHARES, *MEDIANS, "ratio")
    problems = []
    for row in rows:
        if row["unit"] not in units:
            problems.append(f"'{row['id']}': unit '{row['unit']}'. {did_you_mean(row['unit'], units)}")
        if not row["address"].startswith("https://"):
            problems.append(f"'{row['id']}': write an address that begins with https://")
        try:
            Decimal(row["value"])
        except ArithmeticError:
            problems.append(f"'{row['id']}': value '{row['value']}' is no number")
    return problems


def _achieved(name: str, unit: str, rows: list[dict[str, Any]], scale: float) -> Achieved | None:
    """Return the figure of a query's rows; None if there is nothing to compute it from."""
    if unit in MEDIANS:
        values = [float(row["value"]) for row in rows if row.get("value") is not None]
        return median_interval(values) if values else None
    wanted = {"n"} if unit in COUNTS else {"n", "of"}
    if len(rows) != 1 or not wanted <= set(rows[0]):
        raise AnalysisError(
            f"calibration '{name}': a figure in {unit} needs one row with {' and '.join(sorted(wanted))}"
        )
    n, of = int(rows[0]["n"] or 0), int(rows[0].get("of") or 0)
    if unit in COUNTS:
        divisor = scale * float(rows[0].get("years") or 1)
        low, high = poisson_interval(n)
        return Achieved(n / divisor, low / divisor, high / divisor)
    if of == 0:
        return None
    factor = SHARES[unit]
    low, high = binomial_interval(n, of) if unit == "percent" else (end / of for end in poisson_interval(n))
    return Achieved(factor * n / of, factor * low, factor * high)


def verdict(published: str, achieved: Achieved, tolerance: float, widest: float) -> str:
    """Return whether a figure is met.

    It is if the interval overlaps the published value, taken as anything that rounds to what is printed, or if it
    differs by at most ``tolerance`` of it. An interval that overlaps but reaches further than ``widest`` of the
    published value to either side says nothing: the run is too small to tell.
    """
    target = Decimal(published)
    exponent = target.as_tuple().exponent
    half = 0.5 * 10.0 ** (exponent if isinstance(exponent, int) else 0)
    value = float(target)
    overlaps = achieved.low <= value + half and achieved.high >= value - half
    if overlaps and max(achieved.high - achieved.value, achieved.value - achieved.low) > widest * abs(value):
        return CANNOT_TELL
    return MET if overlaps or abs(achieved.value - value) <= tolerance * abs(value) else NOT_MET


def calibrate(ready: Path, config: Path, scale: float, output: Path) -> list[dict[str, str]]:
    """Write ``output`` (columns COLUMNS), one row for each published figure in order; return its rows.

    ``ready`` is the folder of research-ready tables, ``config`` that of the configuration, ``scale`` the share of the
    national volumes that the tables hold: counts are divided by it. Intervals are of the run itself, exact binomial or
    Poisson; they take no account of clustering within families. Raises ConfigError or AnalysisError.
    """
    calibration, references = read_calibration(config / "calibration", config / "references" / "population.csv")
    study = _open_tables(ready, config)
    for name, sql in calibration.views.items():
        _make_view(study, name, sql)
    rows = []
    for reference in references:
        name = reference["id"]
        where = " ".join(part for part in (reference["jurisdiction"], reference["period"]) if part)
        row = dict.fromkeys(COLUMNS, "") | {
            "id": name, "quantity": f"{reference['quantity']}, {where}", "unit": reference["unit"],
            "target": reference["value"], "source": reference["source"], "address": reference["address"],
        }  # fmt: skip
        if name in calibration.not_modelled:
            row |= {"verdict": NOT_MODELLED, "reason": calibration.not_modelled[name]}
        else:
            found = _achieved(name, reference["unit"], study.rows(calibration.targets[name], f"'{name}'"), scale)
            row |= {"verdict": NO_RECORDS} if found is None else _shown(found)
            if found is not None:
                row["verdict"] = verdict(reference["value"], found, calibration.tolerance, calibration.widest)
        rows.append(row)
    write_rows(output, COLUMNS, rows)
    return rows


def bind_calibration(ready: Path, config: Path) -> dict[tuple[str, str], PipelineError]:
    """Run all queries on research-ready tables without rows; return what is wrong, by file and place in it."""
    calibration, _ = read_calibration(config / "calibration", config / "references" / "population.csv")
    study, wrong = _open_tables(ready, config), dict[tuple[str, str], PipelineError]()
    for name, sql in calibration.views.items():
        try:
            _make_view(study, name, sql)
        except PipelineError as error:
            wrong["views.yaml", f"views.{name}"] = error
    for name, sql in calibration.targets.items() if not wrong else ():
        try:
            study.rows(sql, f"'{name}'")
        except PipelineError as error:
            wrong["targets.yaml", f"targets.{name}"] = error
    return wrong


def _open_tables(ready: Path, config: Path) -> StudySql:
    tables = {name: ready / f"{name}.parquet" for name in research_ready_tables()}
    missing = [f"table '{name}' is missing" for name, path in tables.items() if not path.is_file()]
    report_together(str(ready), missing, AnalysisError)
    macros = MACROS.read_text(encoding="utf-8")
    return StudySql(tables, config / "codelists", macros, (), about="calibration", error=AnalysisError)


def _make_view(study: StudySql, name: str, sql: str) -> None:
    study.make(name, sql, f"'{name}'")
    study.readable.add(name.lower())


def _shown(figure: Achieved) -> dict[str, str]:
    """Return value and interval with four significant digits, whole numbers in full."""

    def text(value: float) -> str:
        digits = 0 if abs(value) >= 1000 else 3 - math.floor(math.log10(abs(value))) if value else 0
        return f"{value:.{max(digits, 0)}f}"

    return {"achieved": text(figure.value), "low": text(figure.low), "high": text(figure.high)}


def summary(rows: list[dict[str, str]]) -> str:
    """Return how many figures are met, in one line."""
    words = (MET, NOT_MET, CANNOT_TELL, NO_RECORDS, NOT_MODELLED)
    number = {word: sum(row["verdict"] == word for row in rows) for word in words}
    told = number[MET] + number[NOT_MET]
    share = f" ({100 * number[MET] / told:.0f}%)" if told else ""
    rest = f"{number[CANNOT_TELL]} the run is too small to tell, {number[NO_RECORDS]} without records"
    return f"{number[MET]} of {told} published figures met{share}; {rest}, {number[NOT_MODELLED]} not modelled"


def main() -> None:
    """Command line: PYTHONPATH=workflow python -m family_justice.analyses.calibration READY OUTPUT [--scale S]."""
    parser = argparse.ArgumentParser(description="Set published figures beside what research-ready tables give.")
    parser.add_argument("ready", type=Path, help="folder of research-ready tables")
    parser.add_argument("output", type=Path, help="CSV file to write")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the national volumes in the tables")
    parser.add_argument("--config", type=Path, default=Path("config"), help="folder of the configuration")
    chosen = parser.parse_args()
    print(summary(calibrate(chosen.ready, chosen.config, chosen.scale, chosen.output)))


if __name__ == "__main__":
    main()
