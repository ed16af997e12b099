"""Table contracts: each table is declared once, and everything that repeats its columns is derived from here.

``source_tables()`` gives the tables of Cafcass England CMS and ECMS, Cafcass Cymru and linked records under
their real names; ``research_ready_tables()`` gives what harmonisation makes of them.
"""

from family_justice.contracts.model import (
    Column,
    Contract,
    SourceColumn,
    Table,
    contracts,
    data_set_tables,
    load_contract,
    research_ready_tables,
    source_tables,
)

__all__ = [
    "Column",
    "Contract",
    "SourceColumn",
    "Table",
    "contracts",
    "data_set_tables",
    "load_contract",
    "research_ready_tables",
    "source_tables",
]
