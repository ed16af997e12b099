"""Look-ups of courts, law types, statuses, forms and relationships of CMS and ECMS."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from family_justice.sources.synthetic.clock import Ints
from family_justice.sources.synthetic.public_law.families import ENGLAND, Areas
from family_justice.sources.synthetic.tables import Columns, Words

#: Courts of each local authority: what CMS knew until 2014, and the levels of the single family court since.
CMS_LEVELS = ("Family Proceedings Court", "County Court", "High Court")
ECMS_LEVELS = ("Lay justices", "District judge", "Circuit judge", "High Court judge")
FIRST_CMS_COURT, FIRST_ECMS_COURT, ECMS_COURTS = 1, 1001, 4001
#: Court forms: care and supervision, private law, other (names are public court forms).
COURT_FORMS = ("C110A", "C100", "C1")
LAW_TYPES, STATUSES = ("Public law", "Private law"), ("Open", "Closed")
#: The circuit of each region: https://www.judiciary.uk names the six; which region lies in which is simplified.
CIRCUITS = ("Midland", "North Eastern", "Northern", "South Eastern", "Wales", "Western")
CIRCUIT_OF_REGION = {
    "North East": "North Eastern", "Yorkshire and the Humber": "North Eastern", "North West": "Northern",
    "East Midlands": "Midland", "West Midlands": "Midland", "South West": "Western", "Wales": "Wales",
}  # fmt: skip
#: Code, name for a man, name for a woman, code of the other direction. 1, 34/35, 40/41 and 51/52 are real codes.
RELATIONSHIPS = (
    (1, "Father", "Mother", 2), (2, "Son", "Daughter", 1), (34, "Natural sister", "Natural sister", 35),
    (35, "Natural brother", "Natural brother", 34), (40, "Half sister", "Half sister", 41),
    (41, "Half brother", "Half brother", 40), (51, "Step sister", "Step sister", 52),
    (52, "Step brother", "Step brother", 51), (53, "Step-father", "Step-mother", 54),
    (54, "Step-son", "Step-daughter", 53), (60, "Grandfather", "Grandmother", 61),
    (61, "Grandson", "Granddaughter", 60),
    (62, "Uncle or other relative", "Aunt or other relative", 63),
    (63, "Nephew or other relative", "Niece or other relative", 62), (64, "Carer", "Carer", 65),
    (65, "Boy in care of", "Girl in care of", 64),
)  # fmt: skip


def _names(key: str, names: Sequence[str], column: str = "NAME", first: int = 1) -> Columns:
    return {key: first + np.arange(len(names)), column: Words(np.arange(len(names)), names)}


def _courts(areas: Areas, levels: tuple[str, ...]) -> tuple[Ints, Ints, list[str]]:
    """Return for every court its local authority, its level and its name."""
    english = np.flatnonzero(areas.jurisdiction == ENGLAND)
    area, level = np.repeat(english, len(levels)), np.tile(np.arange(len(levels)), len(english))
    names = [f"{areas.name[place]} {levels[at]}" for place, at in zip(area, level, strict=True)]
    return area, level, names


def court_tables(areas: Areas) -> dict[str, Columns]:
    """Return all look-ups of this module."""
    dfj_areas = sorted(set(areas.dfj_area))
    dfj_area = np.array([dfj_areas.index(name) for name in areas.dfj_area])
    circuit = np.array([CIRCUITS.index(CIRCUIT_OF_REGION.get(region, "South Eastern")) for region in areas.region])
    area, level, names = _courts(areas, CMS_LEVELS)
    cms_courts: Columns = {
        "COURTID": FIRST_CMS_COURT + area * len(CMS_LEVELS) + level,
        "COURT": Words(np.arange(len(names)), names),
        "COURTLEVELREF": level + 1,
        "CIRCUITREF": circuit[area] + 1,
        "DFJAREAREF": dfj_area[area] + 1,
    }
    area, level, names = _courts(areas, ECMS_LEVELS)
    ecms_levels: Columns = {
        "ID": FIRST_ECMS_COURT + area * len(ECMS_LEVELS) + level,
        "COURTFULLNAME": Words(np.arange(len(names)), names),
        "COURT_ID": ECMS_COURTS + area,
        "COURTLEVELREF_ID": level + 1,
    }
    english = np.flatnonzero(areas.jurisdiction == ENGLAND)
    regions = [areas.region[int(np.flatnonzero(areas.region_code == code)[0])] for code in np.unique(areas.region_code)]
    codes = np.array([code for code, _, _, _ in RELATIONSHIPS])
    places = np.arange(len(RELATIONSHIPS))
    return {
        "CMS_TLKPLAWTYPE": _names("ITEMID", LAW_TYPES, "CAPTION"),
        "CMS_TLKPCASESTATUS": _names("ITEMID", STATUSES, "CAPTION"),
        "CMS_TLKPREGION": _names("REGIONID", regions, "REGION"),
        "CMS_TLKPCOURT": cms_courts,
        "CMS_TLKPCOURTLEVEL": _names("ITEMID", CMS_LEVELS, "CAPTION"),
        "CMS_TLKPCIRCUIT": _names("ITEMID", CIRCUITS, "CAPTION"),
        "CMS_TLKPDFJAREA": _names("ITEMID", dfj_areas, "CAPTION"),
        "ECMS_LAWTYPES": _names("ID", LAW_TYPES, "CAPTION"),
        "ECMS_CASESTATUS": _names("ID", STATUSES),
        "ECMS_COURTFORMS": _names("ID", COURT_FORMS, "FORMNAME"),
        "ECMS_COURTCOURTLEVELREFS": ecms_levels,
        "ECMS_COURTS": {
            "ID": ECMS_COURTS + english,
            "DJAREAREF_ID": dfj_area[english] + 1,
            "CIRCUITREF_ID": circuit[english] + 1,
        },
        "ECMS_COURTLEVELREFS": _names("ID", ECMS_LEVELS),
        "ECMS_DJAREAREFS": _names("ID", dfj_areas),
        "ECMS_CIRCUITREFS": _names("ID", CIRCUITS),
        "ECMS_RELATIONSHIPTYPES": {
            "ID": codes,
            "RELATIONSHIPMALE": Words(places, [male for _, male, _, _ in RELATIONSHIPS]),
            "RELATIONSHIPFEMALE": Words(places, [female for _, _, female, _ in RELATIONSHIPS]),
            "INVERSEREF": np.array([inverse for _, _, _, inverse in RELATIONSHIPS]),
            "ISPRIMARY": Words(np.where(np.isin(codes, (2, 54, 61, 63, 65)), 0, 1), ("false", "true")),
        },
    }  # fmt: skip
