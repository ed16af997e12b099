"""Who is left after each step of a cohort."""
