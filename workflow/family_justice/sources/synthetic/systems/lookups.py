"""Area tables and the look-ups of the record systems. Names are those of config/codelists."""

from __future__ import annotations

import numpy as np

from family_justice.sources.synthetic.clock import Ints
from family_justice.sources.synthetic.parameters.model import Parameters
from family_justice.sources.synthetic.public_law.court import ENGLISH_APPLICATIONS, ORDERS
from family_justice.sources.synthetic.public_law.families import ENGLAND, WALES, Areas
from family_justice.sources.synthetic.tables import Columns, Words

#: Types of application that the look-ups know, beyond those that occur in the population.
APPLICATION_TYPES = (
    *ENGLISH_APPLICATIONS, "Child Assessment (s43)", "Inherent Jurisdiction/Wardship", "Secure Accommodation (s25)",
)  # fmt: skip
#: Types of legal output that the look-ups know, beyond those that occur in the population.
LEGAL_OUTPUT_TYPES = (*ORDERS, "MIAM", "Section 37 Report", "Secure Accommodation Order")
#: First codes of the look-ups; ECMS does not use the codes of CMS.
CMS_APPLICATION, ECMS_APPLICATION = 1, 101
CMS_ORDER, ECMS_ORDER = 1, 201
CMS_AUTHORITY, ECMS_AUTHORITY = 501, 1
CMS_RELATIONSHIPS = ("Birth parent", "Step-parent", "Carer")
ETHNIC_ORIGINS = ("White British", "White Other", "Mixed", "Asian", "Black", "Other", "Prefer not to say", "Unknown")
#: Codes of ETHNIC_ORIGINS; 19 and 22 are the real codes of ECMS.
CMS_ETHNICITY = np.arange(1, 9)
ECMS_ETHNICITY = np.array([1, 4, 7, 11, 15, 18, 19, 22])


def lsoa_codes(areas: Areas, per_quintile: int) -> list[str]:
    """Return the codes of all LSOAs by number, unmistakably synthetic."""
    per_area = 5 * per_quintile
    return [
        f"{'EW'[jurisdiction]}99{area * per_area + place + 1:06d}"
        for area, jurisdiction in enumerate(areas.jurisdiction)
        for place in range(per_area)
    ]


def _all(words: tuple[str, ...] | list[str]) -> Words:
    return Words(np.arange(len(words)), words)


def _numbered(first: int, names: tuple[str, ...]) -> tuple[Ints, Words]:
    return first + np.arange(len(names)), _all(names)


def area_tables(parameters: Parameters, areas: Areas) -> dict[str, Columns]:
    """Return local authorities and LSOAs."""
    per_quintile = parameters.areas.lsoas_per_quintile.value
    codes = lsoa_codes(areas, per_quintile)
    lsoa = np.arange(len(codes))
    return {
        "LSOA_DEPRIVATION": {
            "LSOA2011_CD": _all(codes),
            "LA_CODE": Words(lsoa // (5 * per_quintile), areas.code),
            "DEPRIVATION_QUINTILE": lsoa // per_quintile % 5 + 1,
        },
        "AREA_LOCAL_AUTHORITY": {
            "LA_CODE": _all(areas.code),
            "LA_NAME": _all(areas.name),
            "DFJ_AREA": _all(areas.dfj_area),
            "REGION": _all(areas.region),
            "JURISDICTION": Words(np.where(areas.jurisdiction == WALES, 1, 0), ("England", "Wales")),
        },
    }


def code_tables(areas: Areas) -> dict[str, Columns]:
    """Return the look-ups of CMS and ECMS."""
    english = np.flatnonzero(areas.jurisdiction == ENGLAND)
    ids, names = _numbered(CMS_APPLICATION, APPLICATION_TYPES)
    order_ids, order_names = _numbered(CMS_ORDER, LEGAL_OUTPUT_TYPES)
    relationship_ids, relationships = _numbered(1, CMS_RELATIONSHIPS)
    origins = _all(ETHNIC_ORIGINS)
    return {
        "CMS_TLKPCASEAPPLICATIONTYPE": {"CASEAPPLICATIONTYPEID": ids, "CASEAPPLICATIONTYPE": names},
        "CMS_TLKPLEGALOUTPUTTYPE": {"LEGALOUTPUTTYPEID": order_ids, "LEGALOUTPUTTYPE": order_names},
        "CMS_TLKPETHNICORIGIN": {"ITEMID": CMS_ETHNICITY, "CAPTION": origins},
        "CMS_TLKPCRSRELATIONSHIP": {"CRSRELATIONSHIPID": relationship_ids, "CRSRELATIONSHIP": relationships},
        "CMS_TLKPLOCALAUTHORITY": {
            "LOCALAUTHORITYID": CMS_AUTHORITY + english,
            "AUTHORITY": Words(english, areas.name),
        },
        "ECMS_APPLICATIONTYPES": {"ID": ids - CMS_APPLICATION + ECMS_APPLICATION, "NAME": names},
        "ECMS_LEGALOUTPUTTYPES": {"ID": order_ids - CMS_ORDER + ECMS_ORDER, "NAME": order_names},
        "ECMS_ETHNICITYTYPES": {"ID": ECMS_ETHNICITY, "NAME": origins},
        "ECMS_LOCALAUTHORITIES": {"ID": ECMS_AUTHORITY + english, "NAME": Words(english, areas.name)},
    }
