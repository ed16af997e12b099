"""Harmonisation: the records of CMS, ECMS and Cafcass Cymru become the research-ready tables.

All rules are SQL in ``sql/``, run in the order of ``run.STEPS``; ``rules.csv`` lists them. Each rule counts the rows
it touched.
"""

from family_justice.harmonise.research_ready import HarmoniseOptions, harmonise

__all__ = ["HarmoniseOptions", "harmonise"]
