"""Family-justice research: from court records to released results.

The stages, in the order in which data pass through them. A stage may import the stages before it
and the plain modules ``errors``, ``files``, ``fingerprint``, ``job`` and ``results``; never a later stage.
"""

STAGES = (
    "contracts",
    "config",
    "sources",
    "harmonise",
    "cohorts",
    "covariates",
    "estimators",
    "analyses",
    "disclosure",
    "figures",
    "report",
)

__version__ = "0.3.0"
