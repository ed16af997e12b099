"""Counts of records through the door, and the data guide, dictionary and catalogue entries made of what comes out."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from test_report import Page

from family_justice.analyses.quality import ANALYSES, analyses_of_records, checks, count_quality, words
from family_justice.analyses.study import describe_study
from family_justice.config.catalogue import Catalogue, DataSet
from family_justice.config.check import covariates_of
from family_justice.config.load import Configuration
from family_justice.contracts import contracts, source_tables
from family_justice.disclosure.gate import open_door
from family_justice.disclosure.kernel import disclose
from family_justice.disclosure.rounding import shown
from family_justice.errors import DisclosureError
from family_justice.report.guide.catalogue import NOT_KNOWN, ready_rows, tables_of
from family_justice.report.guide.data_guide import guide_files, write_guide
from family_justice.results import read_results, tidy

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = Configuration(ROOT / "config")

MANIFEST = """table,rows,sha256
CAFE_ECMS_PEOPLE,118747,abc
CAFE_ECMS_CASES,7,def
CAFCASS_ALF,6362,ghi
OWN_TABLE,12,jkl
"""
QUALITY = """step,system,table,rule,action,label,rows_before,rows_affected,rows_after
1,source,CAFE_ECMS_CASES,unresolved_reference,flagged,LOCALAUTHORITY_ID: refers to a row that is not there,,23,
2,ECMS,person,person_rows_read,read,Rows of people,118747,0,118747
3,ECMS,person,century_typo,repaired,Typos,118747,4,118747
4,ECMS,person,impossible_week_of_birth,emptied,Impossible,118747,0,118747
5,England,person,same_linkage_field,joined,Joined,117563,643,116920
6,England,person,people_ready,ready,People,116918,0,116918
7,Wales,person,people_ready,ready,People,6267,0,6267
8,England,legal_order,attributed_to_children,attributed,Orders,1000,1813,1813
"""
CHECKS = """table,rule,label,rows,violations
person,key,(person_id) is unique,123183,0
person,required_sex,sex is filled,123183,42
case,has_subject,Every case has a subject child,41223,3
"""
RECOVERY = """defect,unit,planted,found,correct,precision,recall,note
century_typo,identifier in a system,372,368,368,1.0000,0.9892,Repaired
two_roles,person in a case,4,4,4,1.0000,1.0000,Unclear
missing_father,case,0,0,0,,,None
"""
COUNTED = {
    "quality.tables": MANIFEST, "quality.rules": QUALITY, "quality.checks": CHECKS, "quality.defects": RECOVERY,
}  # fmt: skip


def counted(folder: Path, analysis: str) -> Path:
    (folder / "counted.csv").write_text(COUNTED[analysis])
    path = folder / analysis / "results.csv"
    count_quality("capacity", analysis, folder / "counted.csv", path)
    return path


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The release folder of the stream of this repository, with counts of records only, and its guide."""
    inside, outside = tmp_path_factory.mktemp("internal"), tmp_path_factory.mktemp("release") / "capacity"
    stream = CONFIGURATION.stream("capacity")
    policy, minimum = CONFIGURATION.policy_of(stream)
    covariates = covariates_of(stream, CONFIGURATION.covariates())
    source = ("synthetic", CONFIGURATION.source("synthetic"))
    study = describe_study(stream, covariates, source, policy, {"data": "0123456789abcdef"})
    (inside / "study.json").write_text(json.dumps(study))
    internal = {name: counted(inside, name) for name in ANALYSES}
    released = {name: outside / name / "results.csv" for name in ANALYSES}
    open_door(internal, released, policy, minimum, inside / "study.json", outside / "study.json", inside / "hidden.csv")
    write_guide(outside, CONFIGURATION.catalogue(), ROOT / "config/codelists")
    return outside


@pytest.fixture(scope="module")
def pages(release: Path) -> dict[str, Page]:
    return {path.name: Page(path.read_text(encoding="utf-8")) for path in (release / "dictionary").glob("*.html")}


def entry(release: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((release / "catalogue" / f"{name}.json").read_text(encoding="utf-8"))
    return found


# --- counts of records ----------------------------------------------------------------------------------------------


def test_counts_of_rules_are_what_they_touched_of_what_they_looked_at(tmp_path: Path) -> None:
    rows = read_results(str(counted(tmp_path, "quality.rules"))).set_index(["term", "group"])
    assert rows.loc[("century_typo", "system=ECMS"), ["n", "total"]].tolist() == [4, 118747]
    assert rows.loc[("people_ready", "system=Wales"), "n"] == 6267
    assert rows["total"].isna()[("people_ready", "system=Wales")]
    # A rule that makes rows has no whole that they are part of.
    assert rows["total"].isna()[("attributed_to_children", "system=England")]
    fault = rows.loc[("CAFE_ECMS_CASES.LOCALAUTHORITY_ID", "")]
    assert (fault["level"], fault["n"]) == ("unresolved_reference", 23)


def test_checks_and_defects_are_counts_of_a_whole(tmp_path: Path) -> None:
    rows = read_results(str(counted(tmp_path, "quality.checks"))).set_index("term")
    assert rows.loc["person.required_sex", ["n", "total"]].tolist() == [42, 123183]
    rows = read_results(str(counted(tmp_path, "quality.defects"))).set_index(["term", "level"])
    assert rows.loc[("century_typo", "planted"), ["n", "total"]].tolist() == [368, 372]
    assert rows.loc[("century_typo", "found"), ["n", "total"]].tolist() == [368, 368]


def test_records_have_no_planted_defects() -> None:
    assert "quality.defects" in analyses_of_records(is_synthetic=True)
    assert analyses_of_records(is_synthetic=False) == ["quality.tables", "quality.rules", "quality.checks"]


def test_only_tables_with_a_contract_are_counted(tmp_path: Path) -> None:
    rows = read_results(str(counted(tmp_path, "quality.tables")))
    assert dict(zip(rows["term"], rows["n"], strict=True)) == {
        "CAFE_ECMS_PEOPLE": 118747,
        "CAFE_ECMS_CASES": 7,
        "CAFCASS_ALF": 6362,
    }


def test_the_door_rounds_counts_of_records_and_hides_small_ones(release: Path) -> None:
    rows = read_results(str(release / "quality.rules/results.csv")).set_index(["term", "group"])
    assert rows.loc[("same_linkage_field", "system=England"), ["n", "total"]].tolist() == [645, 117565]
    assert rows.loc[("century_typo", "system=ECMS"), "status"] == "suppressed"
    assert rows["total"].isna()[("century_typo", "system=ECMS")]
    assert rows.loc[("impossible_week_of_birth", "system=ECMS"), "n"] == 0
    tables = read_results(str(release / "quality.tables/results.csv")).set_index("term")
    assert tables.loc["CAFE_ECMS_PEOPLE", "n"] == 118745
    assert tables.loc["CAFE_ECMS_CASES", "status"] == "suppressed"


@pytest.mark.parametrize("left", range(1, 10))
@pytest.mark.parametrize("before", [40, 41, 42, 43, 44])
def test_no_small_number_of_rows_follows_from_what_was_before_and_after(before: int, left: int) -> None:
    """What a rule dropped is hidden if small; the released numbers around it must leave three values at least."""
    policy = CONFIGURATION.policy("court_records")
    about = {"stream": "s", "analysis": "quality.rules", "kind": "quality", "measure": "count", "group": "system=CMS"}
    rows = [
        {"term": "dropped", "n": left, "total": before},
        {"term": "ready", "n": before - left},
    ]
    released = disclose(tidy(rows, **about), policy).rows
    assert released.loc[0, "status"] == "suppressed"
    if released["n"].isna()[1]:
        return
    after = [n for n in range(10, 60) if shown(n, policy) == released.loc[1, "n"]]
    looked_at = [n for n in range(10, 60) if shown(n, policy) == shown(before, policy)]
    assert len({a - b for a in looked_at for b in after if 1 <= a - b <= 9}) >= 3


def test_the_door_closes_on_counts_that_are_none() -> None:
    about = {"stream": "s", "analysis": "quality.rules", "kind": "quality", "measure": "count", "term": "a"}
    policy = CONFIGURATION.policy("court_records")
    with pytest.raises(DisclosureError, match="no rule of disclosure control for values in estimate"):
        disclose(tidy([{"n": 20, "estimate": 0.5}], **about), policy)
    with pytest.raises(DisclosureError, match="n exceeds total"):
        disclose(tidy([{"n": 20, "total": 10}], **about), policy)


def test_words_come_from_rules_and_contracts() -> None:
    assert set(words("quality.tables")["terms"]) == set(source_tables())
    of_rules = words("quality.rules")
    assert {"century_typo", "CAFCASS_ALF.WOB", "system"} <= set(of_rules["terms"])
    assert {"CMS+ECMS", "unknown_code"} <= set(of_rules["levels"])
    assert {"person.key", "person.required_sex", "case.has_subject"} <= set(words("quality.checks")["terms"])
    assert checks()["person.required_sex"] == "sex is filled"
    assert words("quality.defects")["levels"] == ["planted", "found"]


# --- pages and files ------------------------------------------------------------------------------------------------


def test_the_guide_writes_what_it_says(release: Path) -> None:
    written = {str(path.relative_to(release)) for path in release.rglob("*") if path.is_file()}
    own = {"study.json", *(f"{name}/results.csv" for name in ANALYSES)}
    assert written - own == set(guide_files(CONFIGURATION.catalogue()))


def test_pages_are_well_formed_and_every_link_leads_somewhere(release: Path, pages: dict[str, Page]) -> None:
    found = pages
    assert set(found) == {"index.html", *(f"{stem}.html" for stem in contracts())}
    ids = {name: [str(a["id"]) for _, a in page.tags if a.get("id")] for name, page in found.items()}
    for name, page in found.items():
        assert [i for i, n in Counter(ids[name]).items() if n > 1] == []
        assert len(page.all("h1")) == 1
        assert page.all("html") == [{"lang": "en-GB"}]
        for link in (str(a["href"]) for a in page.all("a")):
            target, _, place = link.partition("#")
            if target.startswith("../") and target.endswith("index.html"):
                continue  # pages of the report
            assert (release / "dictionary" / target).exists(), link
            if place:
                assert place in ids[target or name], link


def test_nothing_comes_from_the_network(release: Path) -> None:
    for path in (release / "dictionary").glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", text) == []
        assert "<link" not in text
        assert not re.search(r"<script[^>]*src", text)


def test_diagrams_say_in_words_what_they_show(pages: dict[str, Page]) -> None:
    for stem in contracts():
        image = pages[f"{stem}.html"].all("img")[0]
        assert image["src"] == f"{stem}.svg"
        assert str(image["alt"]).startswith(f"Tables of {contracts()[stem].system}.")
    alt = str(pages["cafcass_cymru.html"].all("img")[0]["alt"])
    assert "CAFCASS_HEARING refers to CAFCASS_INCIDENT" in alt


def test_known_problems_stand_with_their_released_counts(pages: dict[str, Page]) -> None:
    rows = [row for row in pages["index.html"].rows if row]
    joined = next(row for row in rows if row[0] == "Identifiers with one linkage field are one person")
    assert joined[1] == "joined"
    assert "645 of 117\u202f565" in joined
    typo = next(row for row in rows if row[0].startswith("Week of birth with a century typo"))
    assert "withheld" in typo
    assert ["CAFE_ECMS_CASES.LOCALAUTHORITY_ID", "unresolved reference", "25"] in rows


def test_checks_that_rows_break_and_planted_defects_stand_in_the_guide(pages: dict[str, Page]) -> None:
    page = pages["index.html"]
    assert "There are 3 checks of the research-ready tables and data sets; no row breaks 1 of them." in page.text
    assert ["sex is filled", "person", "40 of 123\u202f185"] in page.rows
    assert ["Every case has a subject child", "case", "withheld"] in page.rows
    typo = next(row for row in page.rows if row and row[0] == "Century typo")
    assert typo[2:] == ["100.0% 370 of 370", "100.0% 370 of 370"]  # 368 of 372 and of 368, rounded
    few = next(row for row in page.rows if row and row[0] == "Two roles")
    assert few[2:] == ["withheld", "withheld"]


def test_tables_show_their_released_rows(pages: dict[str, Page]) -> None:
    page = pages["cafcass_england_ecms.html"]
    assert "Rows at this refresh: 118\u202f745." in page.text
    assert "The number of rows is withheld." in page.text
    assert "Rows at this refresh: 123\u202f185." in pages["research_ready.html"].text  # 116 920 and 6 265
    assert "0123456789abcdef" in pages["index.html"].text


def test_no_exact_count_is_anywhere(release: Path) -> None:
    exact = ("118747", "117563", "116918", "6267", "6362", "1813")
    for path in release.rglob("*"):
        if path.suffix in (".html", ".csv", ".json") and path.name != "study.json":
            text = path.read_text(encoding="utf-8").replace("\u202f", "")
            assert not [number for number in exact if re.search(rf"(?<!\d){number}(?!\d)", text)], path


def test_the_csv_files_hold_every_table_column_and_code(release: Path) -> None:
    def lines(name: str) -> list[dict[str, str]]:
        with open(release / "dictionary" / name, encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    tables = [table for contract in contracts().values() for table in contract.tables.values()]
    assert [line["table"] for line in lines("tables.csv")] == [table.name for table in tables]
    assert len(lines("columns.csv")) == sum(len(table.columns) for table in tables)
    assert len(lines("codes.csv")) == sum(len(c.codes or {}) for table in tables for c in table.columns.values())
    people = next(line for line in lines("tables.csv") if line["table"] == "CAFE_ECMS_PEOPLE")
    assert people["rows_released"] == "118745"
    born = next(line for line in lines("columns.csv") if (line["table"], line["column"]) == ("CAFCASS_ALF", "WOB"))
    assert (born["type"], born["sensitivity"], born["key"]) == ("date", "date_of_birth", "false")


def test_the_same_release_gives_the_same_bytes(release: Path) -> None:
    files = guide_files(CONFIGURATION.catalogue())
    before = {name: (release / name).read_bytes() for name in files}
    write_guide(release, CONFIGURATION.catalogue(), ROOT / "config/codelists")
    assert {name: (release / name).read_bytes() for name in files} == before


# --- catalogue entries ----------------------------------------------------------------------------------------------


def test_every_table_is_in_one_catalogue_entry() -> None:
    described = [name for about in CONFIGURATION.catalogue().data_sets.values() for name in tables_of(about)]
    everything = [name for contract in contracts().values() for name in contract.tables]
    assert Counter(described) == Counter(everything)


def test_entries_have_structure_from_contracts_and_sizes_from_released_counts(release: Path) -> None:
    england = entry(release, "cafcass_england")
    assert england["summary"]["populationSize"] == 118745
    assert england["provenance"]["temporal"]["endDate"] == "2021-12-31"
    tables = {table["name"]: table for table in england["structuralMetadata"]["tables"]}
    columns = {column["name"]: column for column in tables["CAFE_ECMS_PEOPLE"]["columns"]}
    assert columns["WEEKOFBIRTH"]["sensitive"] is True
    assert columns["GENDER"]["sensitive"] is False
    assert columns["GENDER"]["dataType"] == "string"
    assert {value["name"] for value in columns["GENDER"]["values"]} == {"Male", "Female"}
    people = [o for o in england["observations"] if o["measuredProperty"] == "Rows of CAFE_ECMS_PEOPLE"]
    assert people[0]["measuredValue"] == 118745
    assert "rounded to the nearest 5" in people[0]["disambiguatingDescription"]
    assert not [o for o in england["observations"] if "CAFE_ECMS_CASES" in o["measuredProperty"]]
    assert "synthetic population" in england["documentation"]["description"]


def test_a_size_that_is_not_known_is_said_to_be_so(release: Path) -> None:
    assert entry(release, "pedw")["summary"]["populationSize"] == NOT_KNOWN
    assert entry(release, "research_ready")["summary"]["populationSize"] == 116920 + 6265


def test_nobody_is_named_and_no_address_is_made_up(release: Path) -> None:
    for name in CONFIGURATION.catalogue().data_sets:
        found = entry(release, name)
        assert found["summary"]["contactPoint"] is None
        assert found["summary"]["dataCustodian"]["contactPoint"] is None
        assert not re.search(r"[\w.]+@[\w.]+", json.dumps(found))


def test_rows_of_a_table_are_not_summed_over_what_is_withheld() -> None:
    rows: list[dict[str, Any]] = [{"term": "people_ready", "n": 50}, {"term": "people_ready", "n": float("nan")}]
    assert ready_rows(rows) == {}
    assert ready_rows(rows[:1]) == {"person": 50}


def test_each_fact_of_the_catalogue_has_a_source() -> None:
    written: Catalogue = CONFIGURATION.catalogue()
    for about in written.data_sets.values():
        assert all(about.sources.values())
    about = next(iter(written.data_sets.values()))
    with pytest.raises(ValueError, match="needs the key 'all'"):
        DataSet.model_validate({**about.model_dump(), "sources": {}})
    with pytest.raises(ValueError, match="which is no key of a data set"):
        DataSet.model_validate({**about.model_dump(), "sources": {"all": "assumption", "colour": "x"}})
