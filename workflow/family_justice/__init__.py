"""Family-justice research: from court records to released results.

The stages, in the order in which data pass through them. A stage may import the stages before it and the plain modules
``errors``, ``files``, ``fingerprint``, ``job``, ``jobserver``, ``measures``, ``results``, ``sql`` and ``terminal``;
never a later stage. The parts of a kind of analysis (``kinds``) are parts of the stages that use them: ``model`` of
``config``, ``run`` of ``analyses``, ``second`` of ``second_program``, ``show`` of ``report``.
``layout`` (which files a stream has) stands before ``figures``; ``jobs`` runs the stages, and none of them knows it.
"""

STAGES = (
    "contracts",
    "config",
    "sources",
    "harmonise",
    "estimators",
    "cohorts",
    "covariates",
    "analyses",
    "second_program",
    "disclosure",
    "figures",
    "report",
)

__version__ = "0.6.0"
