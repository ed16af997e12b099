"""All tables about children in Wales, by the names of the contract."""

from __future__ import annotations

import numpy as np

from family_justice.sources.synthetic.children.births import birth_tables
from family_justice.sources.synthetic.children.census import census_tables
from family_justice.sources.synthetic.children.looked_after import draw_looked_after
from family_justice.sources.synthetic.children.schools import draw_pupils, school_tables
from family_justice.sources.synthetic.children.support import support_tables
from family_justice.sources.synthetic.clock import NULL
from family_justice.sources.synthetic.people.residents import Residents
from family_justice.sources.synthetic.systems.records import Records
from family_justice.sources.synthetic.tables import Columns


def children_tables(records: Records, residents: Residents) -> dict[str, Columns]:
    """Return the tables of contract ``wales_children``; planted defects are labelled in ``records.defects``."""
    p = records.parameters.childrens_services
    cared = draw_looked_after(records, residents, p, records.streams)
    pupils = draw_pupils(records, residents, p)
    own = np.maximum(cared.resident, 0)
    number = np.where(cared.resident >= 0, pupils.number[own], NULL)
    alf = np.where(cared.resident >= 0, residents.alf[own], NULL)
    return {
        **birth_tables(records, residents, p),
        **school_tables(records, residents, pupils, p),
        **census_tables(records, cared, p, number, alf),
        **support_tables(records, residents, cared, pupils, p),
    }
