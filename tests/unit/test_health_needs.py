"""The arithmetic behind the health records: shares and rates, overlapping conditions, codes as hospitals write them."""

from __future__ import annotations

import math
import re
from pathlib import Path

import duckdb
import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from family_justice.contracts import research_ready_tables
from family_justice.errors import ConfigError, ContractError
from family_justice.harmonise.health_codes import COLUMNS, load_health_codes, read_health_codes
from family_justice.sources.synthetic.clock import scatter
from family_justice.sources.synthetic.health.codes import draw_codes, written_codes
from family_justice.sources.synthetic.health.course import course
from family_justice.sources.synthetic.health.events import KIND
from family_justice.sources.synthetic.health.needs import (
    YEARS,
    child_rates,
    profiles,
    rate_of_share,
    share_of_rate,
)
from family_justice.sources.synthetic.health.parameters import CHILD_AGES, HealthParameters
from family_justice.sources.synthetic.parameters.model import load_parameters
from family_justice.sources.synthetic.tables import Words

ROOT = Path(__file__).resolve().parents[2]
CODELISTS = ROOT / "config/codelists"
HEALTH = load_parameters(ROOT / "config/population").health
EVENT = research_ready_tables()["health_event"]


def changed(**leaves: object) -> HealthParameters:
    """Return the health parameters with other values at dotted places."""
    data = yaml.safe_load((ROOT / "config/population/health.yaml").read_text())["health"]
    for place, value in leaves.items():
        *path, last = place.split("__")
        body = data
        for step in path:
            body = body[step]
        body[last] = {"value": value, "source": "assumption"}
    return HealthParameters.model_validate(data)


@given(st.floats(0.0, 0.95), st.none() | st.floats(0.3, 20))
def test_a_share_and_its_rate_are_inverse(share: float, shape: float | None) -> None:
    rate = rate_of_share(np.array([share]), shape)
    assert share_of_rate(rate, shape)[0] == pytest.approx(share, abs=1e-9)


def test_the_rate_of_a_share_by_hand() -> None:
    """Half of all people in two years: a rate of log 2 / 2; with a gamma of shape 1, 1/(1 + 2r) = 1/2 gives 1/2."""
    assert rate_of_share(np.array([0.5]))[0] == pytest.approx(math.log(2) / 2)
    assert rate_of_share(np.array([0.5]), 1.0)[0] == pytest.approx(0.5)


def test_overlapping_conditions_give_all_four_shares() -> None:
    """Of the profiles from the top of the liability, each with its chance of any record in two years."""
    r = HEALTH.needs.mental_health_records_per_year.value
    p = profiles(HEALTH.adults, r)
    one, two, three = (1 - math.exp(-YEARS * r * n) for n in (1, 2, 3))
    only = p.depression + p.anxiety - 2 * p.both
    for name, found in (
        ("mental_health", one * only + two * (p.both - p.severe) + three * p.severe),
        ("depression", one * p.depression),
        ("anxiety", one * p.anxiety),
        ("severe_mental_illness", one * p.severe),
    ):
        value = getattr(HEALTH.adults, name).value
        wanted = [[value[group][sex] for sex in ("male", "female")] for group in value]
        assert found == pytest.approx(np.array(wanted), abs=1e-12), name
    assert (p.severe <= p.both).all()
    assert (p.both <= p.anxiety).all()


def test_shares_that_no_overlap_gives_are_an_error() -> None:
    shares = HEALTH.adults.mental_health.value
    health = changed(adults__mental_health={**shares, "parents": {"male": 0.25, "female": 0.525}})
    with pytest.raises(ConfigError, match=r"parents\.male; change mental_health"):
        profiles(health.adults, 0.6)


def test_a_part_larger_than_its_whole_is_an_error() -> None:
    shares = HEALTH.adults.injury.value
    with pytest.raises(ValueError, match=r"adults\.injury\.comparison\.male: 0\.9 is more than emergency, 0\.3835"):
        changed(adults__injury={**shares, "comparison": {"male": 0.9, "female": 0.2}})


@pytest.mark.parametrize("age", list(CHILD_AGES))
@pytest.mark.parametrize("kind", ["depression", "anxiety", "self_harm"])
def test_planted_ratios_are_exact_at_every_age_for_girls_and_boys(kind: str, age: str) -> None:
    sex, size = np.array([0, 1]), 2
    public, private, none = (child_rates(HEALTH, np.full(size, group), sex, age)[kind] for group in range(3))
    ratios = HEALTH.children.rate_ratios
    assert public == pytest.approx(none * ratios[f"{kind}_child_public"].value)
    assert private == pytest.approx(none * ratios[f"{kind}_child_private"].value)


def test_the_course_of_needs_around_the_first_issue() -> None:
    needs = HEALTH.needs
    found = course(needs, np.array([-731, -730, -1, 0, 729, 730]))
    before, soon, late = needs.long_before_issue.value, needs.two_years_after_issue.value, needs.long_after_issue.value
    assert found.tolist() == [before, 1.0, 1.0, soon, soon, late]


def test_events_lie_within_the_time_observed() -> None:
    start, stop = np.array([100, 500, 900]), np.array([465, 500, 800])
    who, day = scatter(np.array([200.0, 200.0, 200.0]), start, stop, np.random.default_rng(1))
    assert set(who.tolist()) == {0}
    assert 150 < len(who) < 250
    assert day.min() >= 100
    assert day.max() <= 464


def test_every_form_of_an_icd_code_is_read_as_the_code_or_its_category() -> None:
    codes = Words(np.tile([0, 1], 500), ("F322", "X60"))
    written, first, four = written_codes(codes, 0.3, 0.5, np.random.default_rng(3))
    macro = re.search(r"CREATE MACRO icd_code.*?;", (ROOT / SQL).read_text(), re.DOTALL)
    assert macro is not None
    connection = duckdb.connect()
    connection.execute(macro.group())
    for column in (written, four):
        forms = {column.words[place] for place in column.code}
        read = {form: connection.execute("SELECT icd_code(?)", [form]).fetchall()[0][0] for form in forms}
        assert set(read.values()) == {"F322", "F32", "X60"}
        assert all(form[:3] == code[:3] for form, code in read.items())
    assert {written.words[place] for place in written.code} == {
        "F322", "F32.2", "F32", "F32X", "X60", "X60X", "X60-",
    }  # fmt: skip
    assert {first.words[place] for place in first.code} == {"F32", "X60"}


SQL = "workflow/family_justice/harmonise/sql/staging/stage_health.sql"
#: Kind of event -> indicator that all its codes have in the code lists; kinds that are no indicator are left out.
MEANT = {
    "depression": "mental_health", "anxiety": "mental_health", "severe_mental_illness": "mental_health",
    "behaviour": "mental_health", "psychiatric_admission": "mental_health", "substance_use": "substance_use",
    "self_harm": "self_harm", "domestic_abuse": "domestic_abuse", "own_child_removed": "social_care",
    "looked_after": "social_care", "child_protection": "social_care",
}  # fmt: skip


def test_codes_of_events_mean_in_the_code_lists_what_they_were_drawn_for() -> None:
    connection = duckdb.connect()
    load_health_codes(connection, CODELISTS, EVENT)
    systems = {"general_practice": "read_v2", "admission": "icd_10", "substance": "smds_substance"}
    for name, system in systems.items():
        for kind, codes in getattr(HEALTH.codes, name).value.items():
            for code in codes:
                found = connection.execute(
                    "SELECT indicator, indicator_group FROM health_code "
                    "WHERE code_system = ? AND starts_with(?, prefix) ORDER BY length(prefix) DESC LIMIT 1",
                    [system, code],
                ).fetchone()
                if kind in MEANT:
                    assert found is not None, f"{code} of {kind} is in no list"
                    assert found[0] == MEANT[kind], f"{code} of {kind}"
                    if kind in ("depression", "anxiety", "severe_mental_illness"):
                        assert found[1] == kind, f"{code} of {kind}"
                elif kind in ("routine", "other_admission", "delivery"):
                    assert found is None, f"{code} of {kind}"


def test_codes_are_drawn_with_their_weights() -> None:
    kind = np.full(4000, KIND["delivery"])
    codes = draw_codes({"delivery": {"O80": 3.0, "O82": 1.0}}, kind, np.random.default_rng(5))
    assert (codes.code == list(codes.words).index("O80")).mean() == pytest.approx(0.75, abs=0.03)
    assert (draw_codes({"delivery": {"O80": 1.0}}, kind - 1, np.random.default_rng(5)).code == -1).all()


def test_every_entry_of_the_code_lists_says_where_it_comes_from() -> None:
    entries = read_health_codes(CODELISTS, EVENT)
    assert len(entries) > 200
    for entry in entries:
        assert entry["source"].startswith("assumption") or "https://" in entry["source"], entry["code"]
        assert entry["licence"] == "facts"
        assert entry["version"] == "1"
    read = {entry["code"] for entry in entries if entry["code_system"] == "read_v2"}
    assert {len(code) for code in read} == {5}
    assert {"13HM7", "13I81", "8GE71"} <= read


def test_mistakes_in_a_code_list_are_reported_together(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"no code list of health events"):
        read_health_codes(tmp_path, EVENT)
    rows = [
        "1,mental_health,depression,,icd_10,F32,Depressive episode,assumption,facts",
        "1,mental_helth,depression,,icd_10,F33,Recurrent depression,,facts",
        "1,mental_health,depression,,icd_10,F32,Again,assumption,facts",
    ]
    (tmp_path / "health_one.csv").write_text(",".join(COLUMNS) + "\n" + "\n".join(rows) + "\n")
    (tmp_path / "health_two.csv").write_text("code,label\nF34,Other\n")
    with pytest.raises(ContractError) as caught:
        read_health_codes(tmp_path, EVENT)
    message = str(caught.value)
    assert "health_one.csv, line 3: indicator 'mental_helth' is unknown." in message
    assert "Did you mean 'mental_health'?" in message
    assert "health_one.csv, line 3: 'source' is empty." in message
    assert "health_one.csv, line 4: code F32 of icd_10 is in health_one.csv, line 2 already." in message
    assert "health_two.csv: column 'indicator' is missing." in message
