"""A synthetic population of families and family courts with planted truth and labelled defects.

Real records may never leave their safe haven, so the pipeline is developed, tested and shown on this population.
It is simulated, calibrated to published figures, and tells nothing about real families.

    config/population
        |  parameters   every value with its source; errors say what to write instead; the planted effects
        v
    public_law
        |  families     mothers, fathers and children at first care proceedings
        |  returns      two proportional hazards of return (planted), death, end of data; each return is a case
        |  outcomes     durations; placement for adoption by a logistic model (planted)
        |  fathers      men who appear with several mothers
        |  other_cases  public-law cases of other kinds
        |  court        applications, hearings, orders
    private_law         disputes between parents, most cases of all; a proportional hazard of return (planted)
        v
    people
        |  gather       who takes part under which identifier
        |  residents    everyone in the Welsh linked records: court people and a comparison population
        |  residence    addresses and registrations
        v
    systems
        |  records      what the systems share; planted defects are made and labelled from here on
        |  cms, ecms    Cafcass England before and since July 2014
        |  cymru        Cafcass Cymru
        |  lookups      code tables and areas
    health              general practice, hospital and other services (planted rates)
    children            births, schools, looked-after children, children in need
        v
    tables              typed Parquet, exactly as the contracts declare; with them truth.csv, defects.parquet and
                        answers.parquet

``population`` runs all of it; ``clock`` holds dates, ages and random streams.
"""

from family_justice.sources.synthetic.population import simulate

__all__ = ["simulate"]
