"""Thresholds hold for people and for rows, and counts of the same members are one count, whatever they are called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from behind_samples import People, behind_labels
from test_disclosure_gate import COURT, PUBLIC

from family_justice.analyses.recount import find_behind
from family_justice.behind import Behind, printer_of
from family_justice.config.check_cohort import cohort_problems
from family_justice.config.schema import Cohort, Covariate, Outcome, Policy, Step, Stream
from family_justice.disclosure.disclose import Disclosed, disclose
from family_justice.disclosure.families.ratios import read_models, release_models
from family_justice.disclosure.sets import gather, is_few
from family_justice.disclosure.told import told
from family_justice.errors import AnalysisError, DisclosureError
from family_justice.kinds.registry import KINDS
from family_justice.measures import MEMBERS
from family_justice.prints import Counted
from family_justice.results import tidy

LEVELS = ["one", "two"]
COVARIATES = {
    "x": Covariate(label="X", definition="d", value="x", levels=LEVELS, reference="one"),
    "band": Covariate(label="Band", definition="d", value="b", levels=["young", "30 to 34", "35 and over"],
                      reference="young"),
    "age": Covariate(label="Age", definition="d", value="a", levels=["young", "30 and over"], reference="young"),
    "nation": Covariate(label="Nation", definition="d", value="j", levels=["England", "Wales"], reference="England"),
}  # fmt: skip
GONE = {"back": Outcome(label="Return", duration="time", indicator="back")}


def cohort(**changes: Any) -> Cohort:
    keys: dict[str, Any] = {
        "label": "C", "unit": "rows", "description": "d", "key": ["row"], "outcomes": GONE,
        "steps": [Step(name="s", label="S", sql="SELECT 1")], "covariates": list(COVARIATES),
    }  # fmt: skip
    return Cohort(**{**keys, **changes})


def analysed(
    members: pd.DataFrame, of: Cohort, **analyses: dict[str, Any]
) -> tuple[dict[str, pd.DataFrame], dict[str, Behind]]:
    """Return the rows of analyses and what stands behind them."""
    shared = {"title": "T", "description": "d", "cohort": "c"}
    stream = Stream.model_validate({
        "stream": "s", "title": "t", "question": "q", "summary": "u", "cohorts": {"c": of}, "covariates": COVARIATES,
        "analyses": {name: {**shared, **keys} for name, keys in analyses.items()},
    })  # fmt: skip
    frames, behind = {}, {}
    for name, analysis in stream.analyses.items():
        rows = KINDS[analysis.kind].run(members, of, analysis, COVARIATES, name)
        frames[name] = tidy(rows, stream="s", analysis=name, kind=analysis.kind, cohort="c")
        behind[name] = find_behind(frames[name], members, of, analysis, COVARIATES, name)
    return frames, behind


def released(members: pd.DataFrame, of: Cohort, policy: Policy = COURT, **analyses: dict[str, Any]) -> Disclosed:
    frames, behind = analysed(members, of, **analyses)
    exact = pd.concat(frames.values(), ignore_index=True)
    return disclose(exact, policy, {}, gather(frames, behind))


def rows_of(*people: int, level: str = "one") -> pd.DataFrame:
    """Return rows of a level: as many of each person as is said."""
    who = np.repeat(np.arange(len(people)), people)
    return pd.DataFrame({"person": [f"{level} {k}" for k in who], "x": level})


def table(*parts: pd.DataFrame, **changes: Any) -> pd.DataFrame:
    members = pd.concat(parts, ignore_index=True).rename_axis("row").reset_index()
    members["x"] = pd.Categorical(members["x"], categories=LEVELS)
    keys = {"kind": "table_one", "variables": ["x"]}
    rows = released(members, cohort(person="person", **changes), a=keys).rows
    return rows[rows["measure"] == "percent"].set_index("level")


# --- people instead of rows ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("people", "is_hidden"), [(9, True), (10, False), (11, False)])
def test_a_count_needs_as_many_people_as_the_threshold(people: int, is_hidden: bool) -> None:
    """Every person has a hundred rows: a multiple of a small count is no way round."""
    shown = table(rows_of(*[100] * people), rows_of(*[100] * 40, level="two"))
    assert pd.isna(shown.at["one", "n"]) == is_hidden


def test_two_people_in_many_years_are_two_people() -> None:
    shown = table(rows_of(10, 10), rows_of(*[1] * 400, level="two"))
    assert shown["n"].isna().all()


@pytest.mark.parametrize(("most", "is_hidden"), [(19, False), (20, False), (21, True)])
def test_a_count_that_is_mostly_one_persons_is_like_a_small_one(most: int, is_hidden: bool) -> None:
    """Of 40 rows the policy lets one person have a half."""
    shown = table(rows_of(most, *[1] * (40 - most)), rows_of(*[1] * 400, level="two"))
    assert pd.isna(shown.at["one", "n"]) == is_hidden


@pytest.mark.parametrize(("exact", "people", "largest", "public", "expected"), [
    (10, 10, 1, False, False), (9, 9, 1, False, True), (0, 0, 0, False, False), (100, 9, 1, False, True),
    (3, 5000, 0, True, False), (3, 9, 0, True, True), (3, 0, 0, True, False), (20, 10, 10, False, False),
    (20, 10, 11, False, True),
])  # fmt: skip
def test_what_is_of_few(exact: int, people: int, largest: int, public: bool, expected: bool) -> None:
    assert is_few(exact, people, largest, public, COURT) == expected
    assert not is_few(exact, people, largest, public, PUBLIC)


def test_curves_of_people_with_several_rows_have_wider_steps() -> None:
    """A person with three rows moves a count by three, so that three steps are one."""
    g = np.random.default_rng(3)
    people = [*[3] * 5, *[1] * 600]
    members = rows_of(*people).rename_axis("row").reset_index()
    members["time"], members["back"] = np.ceil(g.exponential(20, len(members))) / 4, 1
    keys = {"kind": "kaplan_meier", "outcomes": ["back"], "every": 0.25, "until": 5}
    of_rows = released(members, cohort(), a=keys).rows
    of_people = released(members, cohort(person="person"), a=keys).rows
    events = [rows.loc[rows["measure"] == "survival", "events"].to_numpy(dtype=int) for rows in (of_rows, of_people)]
    assert [np.gcd.reduce(counts) for counts in events] == [5, 15]


def test_areas_pass_by_the_people_whom_they_count() -> None:
    g = np.random.default_rng(5)
    areas = pd.DataFrame({"area": [f"A{k:02}" for k in range(40)], "x": pd.Categorical(np.repeat(LEVELS, 20), LEVELS)})
    areas["population"] = 1000.0
    areas["children"] = g.poisson(np.where(areas["x"] == "two", 9, 5)).astype(float)
    keys = {"kind": "negative_binomial", "count": "children", "exposure": "population", "covariates": ["x"]}
    by_people = released(areas, cohort(key=["area"], counts="children"), a=keys).rows.set_index("level").loc["two"]
    assert by_people["status"] == "ok"
    assert by_people["events"] >= 100
    few = areas.assign(children=np.where(areas["x"] == "two", areas["children"], areas.index == 0))
    hidden = released(few, cohort(key=["area"], counts="children"), a=keys).rows.set_index("level").loc["two"]
    assert hidden["status"] == "suppressed"


def test_expected_numbers_of_rows_of_the_same_people_have_no_rule() -> None:
    members = pd.concat([rows_of(*[2] * 100), rows_of(*[2] * 100, level="two")], ignore_index=True)
    members = members.rename_axis("row").reset_index()
    rows = [{"measure": "class_share", "term": "class", "level": "class 1", "n": 90, "total": 400, "estimate": 22.5}]
    frame = tidy(rows, stream="s", analysis="a", kind="latent_classes", cohort="c")
    found = Behind.of([(0, "n", 90, -1, 0, False, np.zeros(256)), (0, "total", 400, -1, 0, False, np.zeros(256))],
                      cohort(person="person"))  # fmt: skip
    with pytest.raises(DisclosureError, match="one row per person"):
        gather({"a": frame}, {"a": found})
    assert members["person"].nunique() == 200


# --- what is said of people -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("keys", "expected"), [
    ({"key": ["person", "year"]}, "'person' is missing"),
    ({"key": ["person", "year"], "person": "person"}, None),
    ({"key": ["area", "year"], "counts": "children"}, None),
    ({"key": ["person"], "person": "person", "counts": "children"}, "not both"),
])  # fmt: skip
def test_a_cohort_says_whom_a_row_stands_for(keys: dict[str, Any], expected: str | None) -> None:
    of = cohort(**keys, covariates=[], outcomes={})
    stream = Stream.model_validate({
        "stream": "s", "title": "t", "question": "q", "summary": "u", "cohorts": {"c": of},
        "analyses": {"a": {"kind": "table_one", "title": "T", "description": "d", "cohort": "c", "variables": ["x"]}},
    })  # fmt: skip
    problems = [problem for problem in cohort_problems("cohorts.c", of, stream, {}) if "person" in problem]
    assert bool(problems) == (expected is not None)
    assert expected is None or expected in problems[0]


def test_a_count_that_does_not_come_out_again_is_an_error() -> None:
    members = rows_of(*[1] * 50).rename_axis("row").reset_index()
    members["x"] = pd.Categorical(members["x"], categories=LEVELS)
    frames, _ = analysed(members, cohort(), a={"kind": "table_one", "variables": ["x"]})
    frame = frames["a"]
    frame.loc[frame["level"] == "one", "n"] = 49
    analysis = Stream.model_validate({
        "stream": "s", "title": "t", "question": "q", "summary": "u", "cohorts": {"c": cohort()},
        "covariates": COVARIATES,
        "analyses": {"a": {"kind": "table_one", "title": "T", "description": "d", "cohort": "c", "variables": ["x"]}},
    }).analyses["a"]  # fmt: skip
    with pytest.raises(AnalysisError, match="counts do not come out the same"):
        find_behind(frame, members, cohort(), analysis, COVARIATES, "stream 's', analysis 'a'")


def test_counts_that_are_not_those_of_the_members_behind_them_do_not_leave() -> None:
    frame = tidy([{"measure": "percent", "term": "x", "level": "one", "n": 50, "total": 100, "estimate": 50}],
                 stream="s", analysis="a", kind="table_one", cohort="c")  # fmt: skip
    found = behind_labels(frame)
    gather({"a": frame}, {"a": found})
    for wrong in (frame.assign(n=51), frame.assign(events=3)):
        with pytest.raises(DisclosureError, match="1 counts are not those of the members"):
            gather({"a": tidy(wrong.to_dict("records"))}, {"a": found})
    with pytest.raises(DisclosureError, match="nothing is known of the members"):
        gather({"a": frame}, {})


# --- ties by members --------------------------------------------------------------------------------------------------


def mothers() -> pd.DataFrame:
    """Mothers of whom 72 in England and 4 in Wales are 30 or over and return by half a year; 53 of them are 30 to 34,
    23 older. The other returns come later, or are of the young."""
    sizes = [("30 to 34", "England", 51, 449), ("30 to 34", "Wales", 2, 48), ("35 and over", "England", 21, 380),
             ("35 and over", "Wales", 2, 58), ("young", "England", 60, 800), ("young", "Wales", 20, 160)]  # fmt: skip
    parts = []
    for band, nation, early, late in sizes:
        time = np.concatenate([np.full(early, 0.4), np.linspace(0.6, 3.9, late)])
        back = np.concatenate([np.ones(early), (np.arange(late) % 3 == 0)]).astype(int)
        parts.append(pd.DataFrame({"band": band, "nation": nation, "time": time, "back": back}))
    members = pd.concat(parts, ignore_index=True).rename_axis("row").reset_index()
    members["age"] = np.where(members["band"] == "young", "young", "30 and over")
    for name in ("band", "age", "nation"):
        members[name] = pd.Categorical(members[name], categories=COVARIATES[name].levels)
    return members


BANDS = ("young", "30 to 34", "35 and over")
CURVES = {"kind": "kaplan_meier", "outcomes": ["back"], "every": 0.5, "until": 3}
BY_AGE, BY_BAND = {**CURVES, "group_by": ["age", "nation"]}, {**CURVES, "group_by": ["band"]}


def test_bands_of_one_analysis_and_groups_of_another_leave_a_small_count_three_values() -> None:
    """Four released numbers of version 0.3.0: 70 in England and 0 in Wales, 55 and 25 in the two bands. As they were
    rounded to fives, 76 and no other number fits, and Wales had four."""
    alone = {name: released(mothers(), cohort(), a=keys) for name, keys in (("age", BY_AGE), ("band", BY_BAND))}
    assert not [curve for one in alone.values() for curve in one.curves if curve.coarser > 1 or curve.suppressed]
    early = {name: one.rows[one.rows["time"] == 0.5].set_index("group")["events"] for name, one in alone.items()}
    england, wales = "age=30 and over; nation=England", "age=30 and over; nation=Wales"
    assert (early["age"][england], early["age"][wales]) == (70, 0)
    assert (early["band"]["band=30 to 34"], early["band"]["band=35 and over"]) == (55, 25)
    together = released(mothers(), cohort(), a=BY_AGE, b=BY_BAND)
    assert [curve for curve in together.curves if curve.coarser > 1 or curve.suppressed]


def returns(band: str, nation: str, *counts: int) -> pd.DataFrame:
    """Return so many who return in each half year, the last of them never, observed for five years."""
    time = np.repeat([0.4 + 0.5 * k for k in range(len(counts) - 1)] + [5.0], counts)
    return pd.DataFrame({"band": band, "nation": nation, "time": time, "back": (time < 5).astype(int)})


def test_a_curve_of_nobody_is_known_to_be_of_nobody() -> None:
    """53, 18 and 1 return by half a year, all in England. Wales is shown with 0 to its end: from 1 to 9 would have been
    withheld, so that it is nobody, and the 72 of England (68 to 72) are all. Then 72 less 53 and 18 is one."""
    members = pd.concat([
        returns("young", "England", 53, 27, 320), returns("30 to 34", "England", 18, 27, 255),
        returns("35 and over", "England", 1, 29, 270), *(returns(band, "Wales", 0, 0, 20) for band in BANDS),
    ], ignore_index=True).rename_axis("row").reset_index()  # fmt: skip
    for name in ("band", "nation"):
        members[name] = pd.Categorical(members[name], categories=COVARIATES[name].levels)
    keys = {**CURVES, "until": 1}
    together = released(members, cohort(), a={**keys, "group_by": ["band"]}, b={**keys, "group_by": ["nation"]})
    wales = [curve for curve in together.curves if ("nation", "Wales") in curve.who]
    assert [(curve.total, curve.suppressed) for curve in wales] == [(0, False)]
    assert [curve for curve in together.curves if curve.coarser > 1 or curve.suppressed]


@pytest.mark.parametrize("key", ["row", "spelt", "number"])
def test_members_are_persons_whatever_the_key_is(key: str) -> None:
    """A cohort with one row per person knows them by the person: another spelling of the key is no other set."""
    members = pd.DataFrame({"row": range(40), "x": pd.Categorical(np.repeat(LEVELS, 20), LEVELS)})
    members = members.assign(spelt=[f"x{k}" for k in range(40)], number=members["row"] * 1.5, person=members["row"])
    members.attrs["one_row_each"] = True
    found = printer_of(members, cohort(key=[key], person="person"), b"").print(Counted(np.arange(7)))
    plain = printer_of(members, cohort(key=["person"]), b"").print(Counted(np.arange(7)))
    assert (found.prints == plain.prints).all()


def periods_of(a: int, b: int, c: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return so many people of three ages, and a row for each of them in a first period and for most in a second."""
    who = pd.DataFrame({"person": range(a + b + c), "band": np.repeat(COVARIATES["band"].levels or [], [a, b, c])})
    rows = pd.concat([who.assign(x="one"), who[:70].assign(x="two")], ignore_index=True)
    for frame in (who, rows):
        for name in {"band", "x"} & set(frame):
            frame[name] = pd.Categorical(frame[name], COVARIATES[name].levels)
    return who, rows.rename_axis("row").reset_index()


@pytest.mark.parametrize("last", [1, 9, 10])
def test_rows_of_a_period_are_the_people_of_the_cohort_that_they_were_made_of(last: int) -> None:
    """102, 53 and 48 are shown as 100, 55 and 50, so that one is left: although the 102 are people, and the other two
    people in a period, whose key is another."""
    who, rows = periods_of(53, 48, last)
    people, periods = cohort(key=["person"]), cohort(key=["person", "x"], person="person")
    frames, behind = analysed(who, people, whole={"kind": "table_one", "variables": ["band"]})
    two = rows[rows["band"] != "35 and over"].reset_index(drop=True)
    more, beside = analysed(two, periods, parts={"kind": "frequency", "variables": ["band"], "group_by": ["x"]})
    exact = pd.concat([*frames.values(), *more.values()], ignore_index=True)
    shown = disclose(exact, COURT, {}, gather(frames | more, behind | beside))
    # The auditor who knows both tables is left with three values or more.
    assert shown.ledger.narrowed(lambda keys: True) == {}
    seen = shown.rows[shown.rows["measure"] == "percent"].set_index(["analysis", "group", "level"])["n"]
    assert pd.isna(seen["whole", "", "35 and over"]) == (last < 10)
    one = [seen["parts", "x=one", level] for level in ("young", "30 to 34")]
    assert (last > 1) or pd.isna(one).any()


def test_a_person_with_two_rows_stands_there_twice() -> None:
    """All rows are those of the first period and those of the second, and no set of people by itself."""
    who, rows = periods_of(53, 48, 9)
    printer = printer_of(rows, cohort(key=["person", "x"], person="person"), b"")
    alone = printer_of(who, cohort(key=["person"]), b"").print(Counted(np.arange(len(who)))).prints
    first, second, both = (
        printer.print(Counted(np.flatnonzero(rows["x"].isin(names)))).prints for names in (["one"], ["two"], LEVELS)
    )
    assert (first == alone).all()
    assert (first + second == both).all()
    assert not (second == alone).all()


def test_a_number_that_a_table_hides_is_hidden_in_every_row_of_a_model() -> None:
    """The tests of a model stand without a level: their n is the same members as a cell that the ledger hides."""
    members = mothers()
    frames, behind = analysed(members, cohort(), a={"kind": "cox", "outcome": "back", "covariates": ["nation", "age"]})
    exact = frames["a"]
    sets = gather(frames, behind)
    whole = sets.at(int(exact.index[exact["measure"] == "concordance"][0]), "n")
    shown = disclose(exact, COURT, {}, sets)
    assert whole is not None
    assert whole.key in shown.ledger.counts
    shown.ledger.counts[whole.key].hidden = True
    rows, of_model = exact.copy(), exact[~exact["measure"].isin(MEMBERS)]
    release_models(rows, read_models(of_model, COURT, sets), shown.ledger, COURT)
    assert rows.loc[rows["measure"] == "concordance", "n"].isna().all()


def test_steps_of_a_cohort_are_counts_like_others() -> None:
    """A table hides 13 for the sake of the one beside them. Where a cohort of these 13 shows them as its last step, it
    has to hide another number instead."""
    people = People()
    some = range(100, 113)
    levels = {"one": range(1), "some": some, "many": range(200, 223)}
    table_, first = people.table(levels, stream="s", analysis="t", kind="table_one", cohort="c", term="x")
    alone = disclose(table_, COURT, {}, gather({"t": table_}, {"t": first})).rows
    assert set(alone.loc[alone["n"].isna(), "level"]) == {"one", "some"}
    steps = tidy([{"measure": "count", "term": "last", "n": 13}], stream="s", analysis="attrition.d", kind="attrition",
                 cohort="d")  # fmt: skip
    second = Behind.of([(0, "n", 13, 13, 1, False, people.print(some))], cohort())
    frames, behind = {"t": table_, "attrition.d": steps}, {"t": first, "attrition.d": second}
    beside = disclose(pd.concat(frames.values(), ignore_index=True), COURT, {}, gather(frames, behind)).rows
    assert beside.loc[beside["analysis"] == "attrition.d", "n"].tolist() == [15]
    assert set(beside.loc[beside["n"].isna(), "level"]) == {"one", "many"}


def test_totals_of_cohorts_that_make_up_another_are_tied() -> None:
    """13, 23 and 1 out of 37, each the total of a cohort: shown as 15, 25 and 35 they would leave one value."""
    people = People()
    parts = {"b": range(100, 113), "c": range(200, 223), "e": range(1)}
    sets = {"w": [n for ids in parts.values() for n in ids], **parts}
    frames, behind = {}, {}
    for name, ids in sets.items():
        about = {"stream": "s", "analysis": f"attrition.{name}", "kind": "attrition", "cohort": name}
        n = len(ids)
        frames[about["analysis"]] = tidy([{"measure": "count", "term": "last", "n": n}], **about)
        behind[about["analysis"]] = Behind.of([(0, "n", n, n, 1, False, people.print(ids))], cohort())
    rows = disclose(pd.concat(frames.values(), ignore_index=True), COURT, {}, gather(frames, behind)).rows
    shown = rows.set_index("cohort")["n"]
    assert pd.isna(shown["e"])
    assert shown[["w", "b", "c"]].isna().any()


def test_the_same_members_under_other_names_are_one_count() -> None:
    """Everybody of 30 and over, as a group of one analysis and the sum of two of another: hidden, they stay hidden."""
    members = mothers().head(1089)
    small = members[(members["age"] == "young") | (members.index % 37 == 0)]
    shares = {"kind": "table_one", "variables": ["age"]}, {"kind": "table_one", "variables": ["band"]}
    rows = released(small.reset_index(drop=True), cohort(), a=shares[0], b=shares[1]).rows
    hidden = rows[(rows["measure"] == "percent") & rows["n"].isna()]
    assert set(hidden["term"]) <= {"age", "band"}
    exact = small["band"].value_counts()
    assert (exact[["30 to 34", "35 and over"]] < 30).all()
    for name in ("30 to 34", "35 and over"):
        if exact[name] < COURT.threshold:
            assert name in set(hidden["level"])


def test_nothing_is_asked_of_who_is_open(tmp_path: Path) -> None:
    members = rows_of(5, 5).rename_axis("row").reset_index()
    members["x"] = pd.Categorical(members["x"], categories=LEVELS)
    rows = released(members, cohort(person="person"), PUBLIC, a={"kind": "table_one", "variables": ["x"]}).rows
    assert rows.loc[rows["level"] == "one", "n"].tolist() == [10]


def matching(sets: tuple[int, ...], chosen: int) -> Disclosed:
    """Return the steps of a cohort with matching as shown: so many cases have one, two and more comparison people."""
    people = People()
    terms = {"comparison_chosen": range(1000, 1000 + chosen)}
    terms |= {f"sets_of_{k}": range(n) for k, n in enumerate(sets, start=1)}
    rows = [
        {"measure": "count", "term": term, "n": len(who), "group": f"part={'sets' if 'sets' in term else 'comparison'}"}
        for term, who in terms.items()
    ]
    frame = tidy(rows, stream="s", analysis="attrition.c", kind="attrition", cohort="c")
    lines: list[Any] = [
        (i, "n", len(who), len(who), 1, False, people.print(who)) for i, who in enumerate(terms.values())
    ]
    return disclose(frame, COURT, {}, gather({"attrition.c": frame}, {"attrition.c": Behind.of(lines, cohort())}))


@pytest.mark.parametrize(("last", "is_told"), [(1, False), (4, False), (9, True), (10, False), (11, False)])
def test_comparison_people_are_those_of_all_sets(last: int, is_told: bool) -> None:
    """123 chosen are 62 and 52 in sets of one and of two, shown as 60 and 50, and those in sets of three: 123 is shown
    as 125, which is 123 at least, so that 9 of these would be known for certain."""
    found = matching((62, 52, last), 62 + 52 + last)
    shown = found.rows.set_index("term")["n"]
    assert pd.isna(shown["sets_of_3"]) == (last < 10)
    assert shown.drop("sets_of_3").isna().any() == is_told
    assert found.ledger.narrowed(lambda keys: True) == {}


def test_where_all_have_two_the_same_cases_count_twice_and_nothing_is_tied_if_somebody_is_in_several_sets() -> None:
    """61 and 61 and 4 are 126, shown as 125 and 60 twice: 4 is not known, but 9 would be."""
    assert matching((61, 61, 4), 126).rows["n"].isna().sum() == 1
    found = matching((62, 62, 9), 133)
    assert found.rows["n"].isna().sum() > 1
    assert found.ledger.narrowed(lambda keys: True) == {}
    assert matching((62, 52, 9), 100).rows["n"].isna().sum() == 1


@pytest.mark.parametrize("few", [18, 19, 20, 21, 22])
def test_the_largest_share_of_one_person_does_not_tell_two_counts_with_one_number_apart(few: int) -> None:
    """A twentieth of 20 is 5%, and more than that of 19: both are shown as 20."""
    members = rows_of(*[1] * few).assign(x="one")
    both = pd.concat([members, rows_of(*[1] * 400, level="two")], ignore_index=True)
    both = both.rename_axis("row").reset_index()
    both["x"] = pd.Categorical(both["x"], categories=LEVELS)
    frames, behind = analysed(both, cohort(person="person"), a={"kind": "table_one", "variables": ["x"]})
    found = disclose(frames["a"], COURT, {}, gather(frames, behind))
    assert told(frames["a"], found, COURT)["a"]["share"] == 5


@pytest.mark.parametrize(("rows", "n"), [(6, 12), (19, 40), (20, 40)])
def test_the_largest_share_is_never_said_to_be_more_than_the_policy_lets_it_be(rows: int, n: int) -> None:
    both = pd.concat([rows_of(rows, *[1] * (n - rows)), rows_of(*[1] * 400, level="two")], ignore_index=True)
    both = both.rename_axis("row").reset_index()
    both["x"] = pd.Categorical(both["x"], categories=LEVELS)
    frames, behind = analysed(both, cohort(person="person"), a={"kind": "table_one", "variables": ["x"]})
    found = disclose(frames["a"], COURT, {}, gather(frames, behind))
    share = told(frames["a"], found, COURT)["a"]["share"]
    assert share <= 100 * COURT.largest_share
