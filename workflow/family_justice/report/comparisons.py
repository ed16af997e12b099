"""Set released estimates beside reference values: planted truth, published results, published figures."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from family_justice.config.schema import Comparison, Covariate, Stream
from family_justice.errors import ConfigError, did_you_mean
from family_justice.files import write_csv
from family_justice.measures import MEASURES
from family_justice.report.prose import CUT, EQUAL, INSIDE, OUTSIDE
from family_justice.results import read_results

COLUMNS = [
    "comparison", "kind", "analysis", "quantity", "outcome", "group", "term", "level", "time", "label",
    "ours", "ours_low", "ours_high", "reference", "reference_low", "reference_high", "decimals", "verdict", "source",
]  # fmt: skip

PLANTED_DECIMALS = 2
SCALES = {"": lambda x: x, "exp": math.exp, "percent": lambda x: 100 * x}


def compare_results(
    stream: Stream,
    covariates: Mapping[str, Covariate],
    release: Path,
    truth: list[dict[str, Any]],
    base: Path,
    comparisons_path: Path,
) -> None:
    """Write ``comparisons.csv`` of one stream.

    ``release`` is the stream's release folder, ``truth`` the planted parameters (parameter_set, term, level, value,
    source), ``base`` the folder that reference paths start from. Raises ``ConfigError`` for a reference that names an
    analysis or a row that the results do not have.
    """
    rows: list[dict[str, Any]] = []
    for name, comparison in stream.comparisons.items():
        if comparison.reference.startswith("truth:"):
            if not truth:
                continue  # records have no planted truth
            wanted = _planted(comparison, truth, covariates, stream)
        else:
            wanted = _published(base / comparison.reference, stream)
        results = {a: read_results(str(release / a / "results.csv")) for a in sorted({w["analysis"] for w in wanted})}
        rows += [
            {"comparison": name, "kind": comparison.kind, **_set_beside(w, results, comparison.kind)} for w in wanted
        ]
    write_csv(pd.DataFrame(rows, columns=COLUMNS), comparisons_path)


def _planted(
    comparison: Comparison, truth: list[dict[str, Any]], covariates: Mapping[str, Covariate], stream: Stream
) -> list[dict[str, Any]]:
    parameter_set = comparison.reference.removeprefix("truth:")
    analysis = stream.analyses[str(comparison.analysis)]
    measure = analysis.planted_measure
    modelled, group = analysis.planted_place(covariates)
    sets = {row["parameter_set"] for row in truth}
    if truth and parameter_set not in sets:
        raise ConfigError(
            f"stream '{stream.stream}': there is no planted parameter set '{parameter_set}'. "
            + did_you_mean(parameter_set, sets)
        )
    return [
        {
            "analysis": comparison.analysis,
            "measure": measure,
            "field": "estimate",
            "group": group,
            "term": row["term"],
            "level": row["level"],
            "scale": "exp",
            "value": math.exp(float(row["value"])),
            "label": f"{covariates[row['term']].label}{row['level'] and ': ' + row['level']}",
            "source": row["source"],
        }
        for row in truth
        if row["parameter_set"] == parameter_set
        and row["term"] in modelled
        and row["level"] != covariates[row["term"]].reference
    ]


def _published(path: Path, stream: Stream) -> list[dict[str, Any]]:
    if not path.is_file():
        raise ConfigError(f"{path}: there is no such file of reference values")
    with open(path, encoding="utf-8", newline="") as file:
        rows: list[dict[str, Any]] = list(csv.DictReader(file))
    unknown = sorted({row["analysis"] for row in rows} - set(stream.analyses))
    if unknown:
        raise ConfigError(
            f"{path}: there is no analysis '{unknown[0]}' in stream '{stream.stream}'. "
            + did_you_mean(unknown[0], stream.analyses)
        )
    for row in rows:
        row["source"] = "; ".join(part for part in (row["source"], row["address"]) if part)
    return rows


def _set_beside(wanted: dict[str, Any], results: dict[str, pd.DataFrame], kind: str) -> dict[str, Any]:
    frame = results[wanted["analysis"]]
    match = frame["measure"] == wanted["measure"]
    for column in ("outcome", "group", "term", "level"):
        if wanted.get(column):
            match &= frame[column] == wanted[column]
    time = wanted.get("time") or ""
    if time != "":
        match &= (frame["time"] - float(time)).abs() < 1e-9
    found = frame[match]
    if len(found) > 1:
        raise ConfigError(
            f"reference value '{wanted['label']}': {len(found)} results match; add outcome, group, term, level or time"
        )
    scale = SCALES[wanted.get("scale") or ""]
    printed = Decimal(str(wanted["value"]))
    row: dict[str, Any] = {
        **{
            column: wanted.get(column, "")
            for column in ("analysis", "outcome", "group", "term", "level", "label", "source")
        },
        "quantity": wanted["measure"] if wanted["field"] == "estimate" else f"{wanted['measure']} ({wanted['field']})",
        "time": float(time) if time != "" else math.nan,
        "reference": float(printed),
        "reference_low": float(wanted.get("conf_low") or math.nan),
        "reference_high": float(wanted.get("conf_high") or math.nan),
        "decimals": PLANTED_DECIMALS if kind == "planted" else decimals(printed),
    }
    if (
        found.empty
        or found.iloc[0]["status"] in ("suppressed", "not estimable")
        or math.isnan(found.iloc[0][wanted["field"]])
    ):
        return {**row, "verdict": "not released" if found.empty else str(found.iloc[0]["status"])}
    ours = found.iloc[0]
    row["ours"] = scale(ours[wanted["field"]])
    if wanted["field"] == "estimate":
        row["ours_low"], row["ours_high"] = scale(ours["conf_low"]), scale(ours["conf_high"])
    in_points = wanted.get("scale") == "percent" or MEASURES[wanted["measure"]].scale == "percent"
    row["verdict"] = _verdict(kind, row, printed, " percentage points" if in_points else "")
    return row


def decimals(printed: Decimal) -> int:
    """Return how many decimals a published figure is printed with: 30 stands for everything that rounds to it."""
    return max(0, -int(printed.as_tuple().exponent))


def _verdict(kind: str, row: dict[str, Any], printed: Decimal, unit: str) -> str:
    if kind == "planted":
        return INSIDE if row["ours_low"] <= row["reference"] <= row["ours_high"] else OUTSIDE
    digits, ours = decimals(printed), Decimal(repr(float(row["ours"])))
    step = Decimal(1).scaleb(-digits)
    if ours.quantize(step, ROUND_HALF_EVEN) == printed:
        return EQUAL
    if kind == "published":
        if ours.quantize(step, ROUND_DOWN) == printed:
            return CUT
        return f"differs by {ours - printed:+.{digits + 1}f}"
    return f"{ours - printed:+.{max(1, digits)}f}{unit} from the published figure"
