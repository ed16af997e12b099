"""The hazard of one move between two states: stays by hand, the model that they make, and the second program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from test_reentered_states import POLICY, crowd, extracted, study
from test_typology_kind import sided, typology

from family_justice.analyses.recount import find_behind
from family_justice.config.check import check_stream
from family_justice.config.schema import Stream
from family_justice.disclosure.disclose import disclose
from family_justice.disclosure.sets import gather
from family_justice.errors import ConfigError
from family_justice.estimators.survival.cox import fit_cox
from family_justice.kinds.registry import KINDS
from family_justice.kinds.transition_cox.second import refit
from family_justice.kinds.transition_cox.stays import find_stays
from family_justice.results import tidy

AWAY = {"kind": "transition_cox", "origin": "away", "target": "home", "covariates": ["side"]}
NOT_MINE = ("until", "every", "clusters", "variables")


def model(**keys: Any) -> Stream:
    stream = typology().model_dump(exclude_none=True, exclude_unset=True)
    own = {key: value for key, value in stream["analyses"]["a"].items() if key not in NOT_MINE}
    stream["analyses"]["a"] = {**own, **AWAY, **keys}
    return Stream.model_validate(stream)


def rows_of(frame: pd.DataFrame, stream: Stream) -> pd.DataFrame:
    rows = KINDS["transition_cox"].run(frame, stream.cohorts["people"], stream.analyses["a"], stream.covariates, "a")
    return tidy(rows, stream="s", analysis="a", kind="transition_cox", cohort="people")


def test_stays_by_hand(tmp_path: Path) -> None:
    """The first is away from day 0 to 10 and from 20 to 35, both times until home; the third all the time."""
    stream = model()
    frame = extracted(tmp_path, study())
    frame["side"] = pd.Categorical(["left", "right", "right"], ["left", "right"])
    stays = find_stays(frame, stream.analyses["a"], stream.covariates, "a")
    assert stays.used.tolist() == [0, 2]  # the second was never away
    found = list(zip(stays.used[stays.member], stays.start, stays.stop, stays.event, strict=True))
    assert found == [(0, 0, 10, True), (0, 20, 35, True), (2, 0, 40, False)]
    assert stays.moved.tolist() == [True, False]


@pytest.mark.parametrize("clock", ["state", "time_zero"])
def test_the_model_is_that_of_its_stays(clock: str) -> None:
    stream, frame = model(clock=clock), sided(crowd(600))
    rows = rows_of(frame, stream)
    stays = []
    for person, (days, words, end, side) in enumerate(
        zip(frame["places"], frame["places_state"], frame["ends"], frame["side"], strict=True)
    ):
        away = [word in ("foster", "kin") for word in words]
        for i, start in enumerate(days):
            # Foster and kin care are one state, and never follow one another here.
            if not away[i] or start >= end:
                continue
            stop = min(days[i + 1], end) if i + 1 < len(days) else end
            moved = i + 1 < len(days) and days[i + 1] <= end and words[i + 1] == "home"
            stays.append((person, start, stop, moved, side == "right"))
    each = pd.DataFrame(stays, columns=["person", "start", "stop", "event", "right"])
    gone = each["stop"] - each["start"] if clock == "state" else each["stop"]
    fit = fit_cox(
        gone, each["event"], each[["right"]].astype(float), entry=None if clock == "state" else each["start"],
        clusters=each["person"],
    )  # fmt: skip
    assert fit.var_robust is not None
    (right,) = rows[(rows["measure"] == "log_hazard_ratio") & (rows["level"] == "right")].to_dict("records")
    assert_allclose([right["estimate"], right["std_error"]], [fit.coef[0], np.sqrt(fit.var_robust[0, 0])])
    of_right = each[each["right"]]
    assert right["n"] == of_right["person"].nunique() < len(of_right)
    assert right["events"] == of_right.loc[of_right["event"], "person"].nunique() < of_right["event"].sum()
    again = list(refit(frame, stream.cohorts["people"], stream.analyses["a"], stream.covariates, rows))
    assert again[0].estimate == pytest.approx(right["estimate"], rel=1e-5)
    fitted = next(r.estimate for r in again if r.term == "fitted")
    assert fitted == pytest.approx(fit.loglik[1], rel=1e-6)


def test_members_stand_behind_the_counts() -> None:
    stream, frame = model(), sided(crowd(600))
    exact = rows_of(frame, stream)
    behind = find_behind(exact, frame, stream.cohorts["people"], stream.analyses["a"], stream.covariates, "a")
    rows = disclose(exact, POLICY, sets=gather({"a": exact}, {"a": behind})).rows
    ratios = rows[rows["measure"] == "log_hazard_ratio"]
    assert ratios["status"].tolist() == ["reference", "ok"]
    assert (ratios[["n", "events"]].stack() % 5 == 0).all()
    assert rows.loc[rows["measure"] == "left_out", "level"].tolist() == ["no time at risk"]


WRONG = [
    ({"origin": "moon"}, "origin: there is no state 'moon'"),
    ({"target": "away"}, "'away' is the origin as well"),
    ({"origin": "adopted"}, "nobody leaves 'adopted'"),
    ({"spells": None}, "'spells' is missing"),
    ({"group_by": ["side"]}, "a model has no groups"),
]


@pytest.mark.parametrize(("keys", "says"), WRONG)
def test_keys_that_cannot_be(keys: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_stream(model(**keys), {}, Path("s.yaml"))
    assert says in str(caught.value)
