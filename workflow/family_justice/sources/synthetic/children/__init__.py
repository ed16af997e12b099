"""Births, schools and children's social care in Wales.

residents, court orders
    |-- births        NCCHD and MIDS: every birth of a resident, booking visits since 2014
    |-- schools       EDUW: pupils by year
    |   care, looked_after     who is looked after, and the legal statuses of each period of care
    |-- episodes      placements within them: one episode per legal status and placement
    |-- census        LACW: the episodes of each year as known on 31 March, with planted defects
    |-- support       CIN and CRCS: children in need, and receiving care and support
    v
sources.children_tables: all of them, by table name
"""
