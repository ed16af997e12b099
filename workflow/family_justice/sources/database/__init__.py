"""The ``database`` source: the declared columns of PostgreSQL, DuckDB or IBM Db2 tables, fetched once.

connection --SELECT columns FROM table, in chunks--> one Parquet file per table --files.snapshot--> typed tables
"""

from family_justice.sources.database.fetch import fetch_tables, places_of

__all__ = ["fetch_tables", "places_of"]
