"""Private law in the synthetic population: invariants of every case, published figures, the planted hazard."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from family_justice.sources.synthetic.clock import NULL, Streams, calendar, completed_years
from family_justice.sources.synthetic.parameters import effects
from family_justice.sources.synthetic.parameters.model import load_parameters
from family_justice.sources.synthetic.people.register import APPLICANT, PARENTS, RESPONDENT, SUBJECT
from family_justice.sources.synthetic.population import draw_records
from family_justice.sources.synthetic.private_law.cases import draw_private_law, return_codes
from family_justice.sources.synthetic.private_law.court import hear_children
from family_justice.sources.synthetic.private_law.families import last_days
from family_justice.sources.synthetic.public_law.court import (
    ENFORCEMENT,
    IS_FINAL,
    PROHIBITED_STEPS,
    SECTION_7,
    SPECIFIC_ISSUE,
    SUPERVISION,
)
from family_justice.sources.synthetic.public_law.families import ENGLAND, MALE, WALES, build_areas, end_of_data
from family_justice.sources.synthetic.public_law.other_cases import PRIVATE, add_other_cases
from family_justice.sources.synthetic.public_law.returns import grow_families

pytestmark = pytest.mark.slow

PARAMETERS = Path(__file__).resolve().parents[2] / "config/population"
SCALE, SEED = 0.1, 8


@pytest.fixture(scope="module")
def parameters():
    return load_parameters(PARAMETERS)


@pytest.fixture(scope="module")
def private(parameters):
    streams, areas = Streams(SEED), build_areas(parameters)
    known = add_other_cases(parameters, grow_families(parameters, areas, SCALE, streams), streams)
    return draw_private_law(parameters, areas, known, SCALE, streams)


@pytest.fixture(scope="module")
def records(parameters):
    return draw_records(parameters, SCALE, SEED)


@pytest.fixture(scope="module")
def parties(records):
    """One row per adult in a private-law case."""
    people, cases = records.people, records.families.cases
    row = np.flatnonzero((cases.cause[people.case] == PRIVATE) & (people.part != SUBJECT))
    case, human = people.case[row], people.human[row]
    return pd.DataFrame(
        {
            "case": case, "human": human, "role": people.role[row], "is_parent": np.isin(people.part[row], PARENTS),
            "is_man": people.sex[human] == MALE, "is_linked": people.alf[human] != NULL,
            "quintile": people.quintile[human], "issue": cases.issue[case],
            "wales": records.areas.jurisdiction[cases.area[case]] == WALES,
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def applications(records):
    """One row per application of a private-law case."""
    court, cases = records.court, records.families.cases
    row = np.flatnonzero(cases.cause[court.application_case] == PRIVATE)
    year, month, _ = calendar(court.application_date[row])
    case = court.application_case[row]
    return pd.DataFrame(
        {
            "case": case, "year": year, "financial_year": np.where(month >= 4, year, year - 1),
            "type": court.application_type[row], "wales": records.areas.jurisdiction[cases.area[case]] == WALES,
            "region": np.array(records.areas.region)[cases.area[case]],
        }
    )  # fmt: skip


def test_private_law_cases_are_never_care_proceedings(records):
    cases, court = records.families.cases, records.court
    private = cases.cause == PRIVATE
    assert private.mean() > 0.7
    assert court.application_type[private[court.application_case]].min() > SUPERVISION + 3
    assert court.application_type[~private[court.application_case]].max() <= SUPERVISION + 3
    assert not records.families.placed[private[cases.subject_case]].any()


def test_every_case_is_about_its_familys_eldest_child_and_children_under_18(private):
    cases, families = private.cases, private.families
    birth = private.everyone.children.week_of_birth
    subject = cases.subject_child
    assert completed_years(birth[subject], cases.issue[cases.subject_case]).max() == 17
    assert (np.diff(cases.subject_case) >= 0).all()
    has_eldest = np.zeros(len(cases), dtype=bool)
    has_eldest[cases.subject_case[subject == families.eldest[cases.family[cases.subject_case]]]] = True
    assert has_eldest.all()
    oldest = pd.Series(birth[subject]).groupby(cases.subject_case).min()
    assert (oldest.to_numpy() == birth[families.eldest[cases.family]]).all()
    assert len(np.unique(cases.subject_case * 10**8 + subject)) == len(subject)


def test_returns_come_after_the_end_of_the_case_before_and_while_the_family_can_come(parameters, private):
    cases, everyone = private.cases, private.everyone
    order = np.lexsort((cases.number, cases.family))
    family, number = cases.family[order], cases.number[order]
    again = np.flatnonzero(number > 0)
    assert (family[again] == family[again - 1]).all()
    assert (number[again] == number[again - 1] + 1).all()
    assert (cases.issue[order][again] > cases.final[order][again - 1]).all()
    assert number.max() < parameters.private_law.most_cases.value
    last = last_days(parameters, everyone.mothers, everyone.children, private.families)
    assert (cases.issue <= last[cases.family]).all()
    assert (everyone.cases.issue <= end_of_data(parameters, everyone.mothers.jurisdiction)[everyone.cases.mother]).all()


def test_parents_are_old_enough_and_everybody_takes_one_part(records, parties):
    children, cases, people = records.families.children, records.families.cases, records.people
    private = cases.cause[cases.subject_case] == PRIVATE
    child, mother = cases.subject_child[private], cases.mother[cases.subject_case[private]]
    age = children.week_of_birth[child] - records.families.mothers.week_of_birth[mother]
    assert age.min() >= 14 * 365
    assert not parties.duplicated(["case", "human"]).any()
    assert parties["role"].isin([APPLICANT, RESPONDENT]).all()
    assert (parties.groupby("case")["role"].min() == APPLICANT).sum() + (
        parties.groupby("case")["role"].max() == APPLICANT
    ).sum() >= parties["case"].nunique()
    assert not (people.alf[np.bincount(people.human, minlength=people.size) == 0] != NULL).any()


def test_every_application_hearing_and_order_belongs_to_its_case(records):
    court, cases, families = records.court, records.families.cases, records.families
    private = cases.cause == PRIVATE
    first = pd.Series(court.application_date).groupby(court.application_case).min()
    assert (first.to_numpy() == court.opened).all()
    assert (cases.issue[private] == court.opened[private]).all()
    order = np.flatnonzero(private[court.order_case])
    case = court.order_case[order]
    assert (court.application_case[court.order_application[order]] == case).all()
    own = court.application_child[court.order_application[order]]
    assert ((own == -1) | (own == court.order_child[order])).all()
    wales = records.areas.jurisdiction[cases.area[case]] == WALES
    assert ((own == -1) == ~wales).all()
    subjects = set(zip(cases.subject_case.tolist(), cases.subject_child.tolist(), strict=True))
    assert set(zip(case.tolist(), court.order_child[order].tolist(), strict=True)) <= subjects
    final = IS_FINAL[court.order_type[order]]
    assert (court.order_date[order][final] == families.final[case[final]]).all()
    heard = set((court.hearing_case * 10**5 + court.hearing_date).tolist())
    assert set((case * 10**5 + court.order_date[order]).tolist()) <= heard


def test_completed_cases_end_with_an_outcome_for_every_child_unless_labelled(records):
    court, cases = records.court, records.families.cases
    done = court.is_completed & (cases.cause == PRIVATE)
    done[court.cases_without_outputs] = False
    final = IS_FINAL[court.order_type]
    key = court.order_case[final] * 10**8 + court.order_child[final]
    wanted = np.flatnonzero(done[cases.subject_case])
    assert np.isin(cases.subject_case[wanted] * 10**8 + cases.subject_child[wanted], key).all()
    lost = court.cases_without_outputs
    share = (cases.cause[lost] == PRIVATE).sum() / (court.is_completed & (cases.cause == PRIVATE)).sum()
    assert share == pytest.approx(0.0035, rel=0.2)
    assert SECTION_7 in court.order_type[(cases.cause == PRIVATE)[court.order_case]]


def test_volumes_are_the_published_ones(applications, records):
    by_year = applications[~applications["wales"]].groupby("financial_year").size() / SCALE
    assert by_year.loc[2007:2020].between(38_000, 56_000).all()
    assert by_year[2016] == pytest.approx(40_599, rel=0.03)
    calendar_year = applications[applications["year"] == 2019]
    assert len(calendar_year) / SCALE == pytest.approx(54_930, rel=0.04)
    wales = applications[applications["wales"] & applications["year"].between(2005, 2019)]
    assert len(wales) / SCALE == pytest.approx(52_023, rel=0.05)
    assert len(records.families.cases) / SCALE == pytest.approx(920_000, rel=0.05)


def test_non_parents_apply_as_often_and_for_what_is_published(applications, parties):
    applicants = parties[parties["role"] == APPLICANT]
    by_parent = applicants.groupby("case")["is_parent"].all()
    recent = applications[applications["financial_year"].between(2017, 2020)]
    recent = recent[~recent["case"].map(by_parent).astype(bool)]
    by_country = recent.groupby("wales").size() / SCALE / 4
    assert by_country[False] == pytest.approx(5_500, rel=0.05)
    assert by_country[True] == pytest.approx(300, rel=0.15)


def test_adults_are_as_published(parties):
    wales = parties[parties["wales"]]
    applicants, respondents = (wales[wales["role"] == role] for role in (APPLICANT, RESPONDENT))
    assert applicants["is_man"].mean() == pytest.approx(0.73, abs=0.03)
    # Together with the other shares 68% cannot be met exactly: most respondents to fathers are mothers.
    assert (~respondents["is_man"]).mean() == pytest.approx(0.68, abs=0.04)
    first = wales.sort_values("issue").groupby("human").first()
    cohort = first[first["is_linked"] & first["issue"].between(16_161, 18_352)]
    assert cohort["is_parent"].mean() == pytest.approx(0.94, abs=0.015)
    england = parties[~parties["wales"] & (parties["role"] == APPLICANT) & (parties["quintile"] != NULL)]
    shares = england["quintile"].value_counts(normalize=True)
    assert shares[0] == pytest.approx(0.30, abs=0.02)
    assert shares[4] == pytest.approx(0.13, abs=0.02)


def test_parent_against_parent_in_wales(private, parameters):
    families, cases = private.families, private.cases
    wales = private.everyone.mothers.jurisdiction[families.mother[cases.family]] == WALES
    assert (cases.parties[wales] == 0).mean() == pytest.approx(0.84, abs=0.02)
    assert parameters.private_law.parties_wales.value["parents"] == 0.84


def test_enforcement_and_single_issues_double_between_2011_and_2018_in_wales(applications, parties):
    by_parent = parties[parties["role"] == APPLICANT].groupby("case")["is_parent"].all()
    wales = applications[applications["wales"] & applications["case"].map(by_parent).astype(bool)]
    contested = wales["type"].isin([ENFORCEMENT, PROHIBITED_STEPS, SPECIFIC_ISSUE])
    share = contested.groupby(wales["year"]).mean()
    # Seeds 8, 9 and 10 give 0.18, 0.16, 0.14 and then 0.25, 0.33, 0.27: Wales is small. Both nations together, below,
    # are tested more closely.
    assert share.loc[2010:2012].mean() == pytest.approx(0.15, abs=0.06)
    assert share.loc[2017:2019].mean() == pytest.approx(0.30, abs=0.12)
    # The same trend is assumed for England, where numbers are larger.
    everywhere = applications[applications["case"].map(by_parent).astype(bool)]
    contested = everywhere["type"].isin([ENFORCEMENT, PROHIBITED_STEPS, SPECIFIC_ISSUE])
    share = contested.groupby(everywhere["year"]).mean()
    assert share[2011] == pytest.approx(0.15, abs=0.02)
    assert share[2018] == pytest.approx(0.30, abs=0.02)


def test_regions_go_to_court_at_the_published_rates(applications, parameters):
    p = parameters.private_law
    year = applications[~applications["wales"] & (applications["financial_year"] == 2019)]
    count = year.groupby("region")["case"].nunique() / SCALE
    rate = {region: 1e4 * count[region] / p.families_with_dependent_children.value[region] for region in count.index}
    mean = np.mean([rate[region] for region in ("North East", "North West", "Yorkshire and the Humber")])
    assert rate["London"] / mean == pytest.approx(59 / 80, abs=0.06)
    assert rate["South East"] / mean == pytest.approx(44 / 80, abs=0.06)
    assert mean == pytest.approx(80, rel=0.1)


def test_returns_are_as_published(private, records):
    cases, mothers = private.cases, private.everyone.mothers
    england = mothers.jurisdiction[private.families.mother[cases.family]] == ENGLAND
    inside = england & (cases.issue >= 16_892) & (cases.issue < 17_257)  # April 2016 to March 2017
    returned = cases.number[inside] > 0
    assert returned.mean() == pytest.approx(0.30, abs=0.025)
    order = np.lexsort((cases.number, cases.family))
    before = np.full(len(cases), NULL)
    before[order[1:]] = cases.final[order[:-1]]
    again = np.flatnonzero(inside & (cases.number > 0))
    assert (cases.issue[again] - before[again] <= 730).mean() == pytest.approx(0.63, abs=0.04)
    assert (cases.number[again] > 1).mean() == pytest.approx(0.32, abs=0.05)


def test_some_families_are_in_both_kinds_of_proceedings(records):
    cases = records.families.cases
    mothers = [set(cases.mother[kind].tolist()) for kind in (cases.cause == PRIVATE, cases.cause == 0)]
    assert 0.05 < len(mothers[0] & mothers[1]) / len(mothers[1]) < 0.08


def test_private_law_does_not_disturb_public_law(parameters, records):
    none = {name: leaf.model_copy(update={"value": {2010: 0}}) for name, leaf in (
        ("england_first_cases", parameters.private_law.england_first_cases),
        ("wales_first_cases", parameters.private_law.wales_first_cases),
    )} | {name: getattr(parameters.private_law, name).model_copy(update={"value": 0.0}) for name in (
        "before_care_proceedings", "after_care_proceedings")}  # fmt: skip
    update = {"private_law": parameters.private_law.model_copy(update=none)}
    alone = draw_records(parameters.model_copy(update=update), SCALE, SEED)
    size, mothers = len(alone.families.cases), len(alone.families.mothers.area)
    for name in ("issue", "mother", "cause", "area", "man"):
        assert (getattr(records.families.cases, name)[:size] == getattr(alone.families.cases, name)).all(), name
    children = len(alone.families.children.mother)
    first_child = len(records.families.mothers.area)
    for one, other in (
        (slice(0, mothers), slice(0, mothers)),
        (slice(first_child, first_child + children), slice(mothers, mothers + children)),
    ):
        assert ((records.people.alf[one] != NULL) == (alone.people.alf[other] != NULL)).all()
        assert (records.people.lsoa[one] == alone.people.lsoa[other]).all()


@pytest.fixture(scope="module")
def first_returns(parameters, private):
    """Codes, days at risk and return of every family after the end of its first case, if that ended in time."""
    cases, families, everyone = private.cases, private.families, private.everyone
    first = np.flatnonzero(cases.number == 0)
    assert (cases.family[first] == np.arange(len(families))).all()
    codes = return_codes(cases, families, everyone.mothers, everyone.children)
    codes = {term: code[first] for term, code in codes.items()}
    days = last_days(parameters, everyone.mothers, everyone.children, families) - cases.final[first]
    again = np.flatnonzero(cases.number == 1)
    returned = np.zeros(len(families), dtype=bool)
    returned[cases.family[again]] = True
    days[cases.family[again]] = cases.issue[again] - cases.final[first][cases.family[again]]
    at_risk = days > 0
    return {term: code[at_risk] for term, code in codes.items()}, days[at_risk], returned[at_risk]


def test_cox_model_finds_the_planted_hazard_ratios(first_returns, parameters):
    from lifelines import CoxPHFitter

    codes, days, returned = first_returns
    planted = parameters.private_law.returns.log_hazard_ratios.value
    columns = {
        f"{term}: {level}": (codes[term] == place).astype(float)
        for term, (levels, reference) in effects.PRIVATE_RETURN_TERMS.items()
        for place, level in enumerate(levels)
        if level != reference
    }
    truth = np.array([planted[term][level] for term, level in (name.split(": ") for name in columns)])
    model = CoxPHFitter().fit(pd.DataFrame(columns).assign(days=days, event=returned), "days", "event")
    z = (model.params_.to_numpy() - truth) / model.standard_errors_.to_numpy()
    assert np.abs(z).max() < 4
    assert np.sqrt((z**2).mean()) < 1.8


def test_events_per_time_at_risk_are_the_planted_hazard(first_returns, parameters):
    codes, days, returned = first_returns
    hazard = parameters.private_law.returns
    ratio = np.exp(effects.linear_predictor(hazard.log_hazard_ratios.value, codes, effects.PRIVATE_RETURN_TERMS))
    cuts = [0, *hazard.cut_points_days.value, 10**6]
    for rate, (start, stop) in zip(hazard.events_per_1000_years.value, pairwise(cuts), strict=True):
        expected = ((np.clip(days, start, stop) - start) * ratio).sum() * rate / 1000 / 365.25
        events = (returned & (days > start) & (days <= stop)).sum()
        # Four standard errors, and a little for dates that were moved from a weekend to the Monday after.
        assert abs(events - expected) < 4 * np.sqrt(expected) + 0.01 * expected + 2


def test_logistic_model_finds_the_planted_odds_of_being_heard(private, parameters):
    import statsmodels.api as sm

    report, guardian = hear_children(parameters, private, Streams(SEED))
    assert not (report & guardian).any()
    heard = report | guardian
    p = parameters.private_law.participation
    assert guardian.sum() / heard.sum() == pytest.approx(p.by_guardian.value, abs=0.01)
    children = np.minimum(np.bincount(private.cases.subject_case), 3)
    quintile = private.everyone.mothers.quintile[private.families.mother[private.cases.family]]
    columns = {("number_of_children", name): children == number for number, name in ((2, "2"), (3, "3 or more"))}
    columns |= {("deprivation_quintile", name): quintile == place for place, name in enumerate(effects.QUINTILES[:-1])}
    planted = [p.log_odds_ratios.value[term][level] for term, level in columns]
    fit = sm.Logit(heard.astype(float), sm.add_constant(np.column_stack([*columns.values()]).astype(float))).fit(disp=0)
    truth = np.array([np.log(p.share.value / (1 - p.share.value)), *planted])
    assert np.abs((fit.params - truth) / fit.bse).max() < 4
    assert fit.bse.max() < 0.06  # the test would see a ratio that is not there


def test_wrong_parameters_of_private_law_say_what_to_write_instead(tmp_path, parameters):
    import yaml

    from family_justice.errors import ConfigError

    for path in PARAMETERS.glob("*.yaml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    target = tmp_path / "private_law.yaml"
    for change, message in (
        (lambda p: p["returns"]["events_per_1000_years"].update(value=[1.0]), r"returns: 5 cut points need 6 values"),
        (lambda p: p["families_with_dependent_children"]["value"].pop("London"), r"missing area 'London'"),
        (
            lambda p: p["cases_by_family_judge_area_wales"]["value"].update(Swansee=0.0),
            r"unknown area 'Swansee'.*'Swansea'",
        ),
        (lambda p: p["parties_wales"]["value"].update(parents=0.5), r"parties_wales.value: the shares add to 0.66"),
        (lambda p: p["contested_issues"]["value"].update({2018: 0.9}), r"contested_issues: so high a share"),
    ):
        data = yaml.safe_load((PARAMETERS / "private_law.yaml").read_text(encoding="utf-8"))
        change(data["private_law"])
        target.write_text(yaml.safe_dump(data), encoding="utf-8")
        with pytest.raises(ConfigError, match=message):
            load_parameters(tmp_path)
