"""Health records of residents: general practice, admissions, emergency departments, outpatients, treatment.

    residents
        |  groups      parents, private-law adults, comparison; their children; when each is an adult, when a child
        |  needs       who is prone to what, and how frail: shares and rate ratios become rates
        v
    events             who, when, what kind
        |-- practices  registrations; coded events of practices that supply data
        |-- hospital   stays, episodes, diagnoses, operations
        |-- services   emergency departments, outpatients, substance misuse treatment
        v
    records            all tables of the contract, with their planted defects

A share in two years and a rate are two views of one thing; ``needs`` has the arithmetic.
"""
