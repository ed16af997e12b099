"""Private law: disputes about children, mostly between their separated parents, with a planted hazard of return.

    parameters    what config/population/private_law.yaml holds
        v
    families      first cases of families, some of whom are also in care proceedings
        |  returns    the next case after the end of the one before: a proportional hazard (planted), death of a parent,
        |             the eldest child's 18th birthday, end of data
        v
    parties       who applies and who responds: parents, grandparents, step-parents, other relatives, carers
    court         applications, hearings, orders

A family is known by the eldest child of its first case: that child is a subject of every later case. A first return is
therefore read from the records as the next private-law case of that child after the end of the first one, in days since
that end; follow-up stops on the child's 18th birthday and at the death of a parent. Applicant, type of the earliest
application and age of the youngest child are those of the first case at issue; deprivation is that of the child's area,
which is also its mother's.
"""
