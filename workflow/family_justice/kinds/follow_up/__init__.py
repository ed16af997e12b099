"""For how long the members of a cohort are observed."""
