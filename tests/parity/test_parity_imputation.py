"""Multiple imputation against R's mice."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from reference_values import array, data, values

from family_justice.estimators.missing.imputation import Incomplete, chained_equations
from family_justice.estimators.missing.pooling import pool
from family_justice.estimators.regression.logistic import fit_logistic

Floats = np.ndarray


def indicators(codes: Floats) -> Floats:
    return np.column_stack([codes == level for level in (1, 2, 3)]).astype(float)


@pytest.mark.slow
def test_pooled_estimates_are_those_of_mice() -> None:
    """Both are random: 100 data sets each, so they differ by a seventh of the spread between data sets or so."""
    d, r = data("gaps"), values("imputation")
    y = d["y"].to_numpy(float)
    variables = {"x1": Incomplete(d["x1"].to_numpy(), 2), "x2": Incomplete(d["x2"].to_numpy()),
                 "x3": Incomplete(d["x3"].to_numpy(), 4)}  # fmt: skip
    fits = []
    for full in chained_equations(variables, y[:, None], 100, 10, 7):
        fits.append(fit_logistic(y, np.column_stack([full["x1"], full["x2"], indicators(full["x3"])])))
    found = pool([f.coef for f in fits], [f.std_error for f in fits], len(d) - 6)
    assert (np.abs(found.estimate - array(r["estimate"])) < 0.6 * array(r["between"])).all()
    assert_allclose(found.std_error, array(r["std_error"]), rtol=0.06)
    # R's polyreg draws no parameters, so that a little less varies between its data sets.
    assert_allclose(found.missing_information, array(r["fmi"]), atol=0.08)
    # Both are far from the complete cases where gaps depend on the outcome.
    assert np.abs(found.estimate[0] - r["complete_cases"][0]) > 0.08
