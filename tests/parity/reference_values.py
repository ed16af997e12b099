"""Reading what the R scripts of this folder wrote. The tests need no R."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

REFERENCE = Path(__file__).parent / "reference"

# What the project asks for. What is reached is about 1e-13, the size of the rounding in either program.
COEFFICIENT = 1e-8
STD_ERROR = 1e-7


def values(name: str) -> Any:
    return json.loads((REFERENCE / f"{name}.json").read_text())


def data(name: str) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / f"{name}.csv")


def array(numbers: list) -> np.ndarray:
    return np.array([np.nan if v in (None, "NA", "NaN") else v for v in numbers], dtype=float)


def std_errors(covariance: ArrayLike) -> np.ndarray:
    return np.sqrt(np.diag(np.asarray(covariance, dtype=float)))


RECID = ["workprg", "priors", "tserved", "felon", "alcohol", "drugs", "black", "married", "educ", "age"]
ROSSI = ["fin", "age", "race", "wexp", "mar", "paro", "prio"]
