-- Audit of histories, in the grammar that R's survcheck uses for the ways in which a history can be wrong:
-- overlap (two spells at once), gap (a hole in a spell), jump (time runs back, or an event lies outside its spell)
-- and teleport (a spell begins in a state that the one before did not end in). Nothing is changed here, only counted.

-- Care proceedings of each subject child and mother in order, each beside the latest end of those before it.
CREATE TABLE s31_spell AS
SELECT
    person.person_id,
    person.family_role,
    person.case_id,
    cases.jurisdiction,
    coalesce(person.s31_issue_date, cases.s31_issue_date) AS starts,
    max(
        coalesce(cases.end_date, CASE WHEN cases.is_completed = 0 THEN DATE '9999-12-31' END, cases.last_hearing_date)
    ) OVER (
        PARTITION BY person.person_id, person.family_role
        ORDER BY coalesce(person.s31_issue_date, cases.s31_issue_date), person.case_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS ended_before
FROM ready_case_person AS person
JOIN ready_case AS cases USING (case_id)
WHERE cases.has_s31 = 1 AND person.family_role IN ('child', 'mother');

INSERT INTO counted
SELECT 'overlap_s31_of_child', jurisdiction, count(*), count(*) FILTER (WHERE starts < ended_before)
FROM s31_spell WHERE family_role = 'child' GROUP BY jurisdiction
UNION ALL
SELECT 'overlap_s31_of_mother', jurisdiction, count(*), count(*) FILTER (WHERE starts < ended_before)
FROM s31_spell WHERE family_role = 'mother' GROUP BY jurisdiction;

INSERT INTO counted
WITH heard AS (
    SELECT
        case_id,
        hearing_date,
        hearing_date - lag(hearing_date) OVER (PARTITION BY case_id ORDER BY hearing_date) AS days_since
    FROM ready_hearing
),
longest AS (SELECT case_id, max(days_since) AS days FROM heard GROUP BY case_id)
SELECT 'gap_between_hearings', cases.jurisdiction, count(*),
    count(*) FILTER (WHERE longest.days > getvariable('longest_case_gap_days'))
FROM longest JOIN ready_case AS cases USING (case_id) GROUP BY cases.jurisdiction
UNION ALL
SELECT 'gap_case_reopened', jurisdiction, count(*), count(*) FILTER (WHERE reopened_date IS NOT NULL)
FROM ready_case GROUP BY jurisdiction
UNION ALL
SELECT 'jump_case_closed_before_issue', jurisdiction, count(*), count(*) FILTER (WHERE closed_date < issue_date)
FROM ready_case GROUP BY jurisdiction
UNION ALL
SELECT 'jump_case_ends_before_issue', jurisdiction, count(*), count(*) FILTER (WHERE end_date < issue_date)
FROM ready_case GROUP BY jurisdiction;

INSERT INTO counted
SELECT 'jump_hearing_before_issue', cases.jurisdiction, count(*),
    count(*) FILTER (WHERE hearing.hearing_date < cases.issue_date)
FROM ready_hearing AS hearing JOIN ready_case AS cases USING (case_id) GROUP BY cases.jurisdiction
UNION ALL
SELECT 'jump_hearing_after_end', cases.jurisdiction, count(*),
    count(*) FILTER (WHERE hearing.hearing_date > cases.end_date)
FROM ready_hearing AS hearing JOIN ready_case AS cases USING (case_id) GROUP BY cases.jurisdiction
UNION ALL
SELECT 'jump_application_after_end', cases.jurisdiction, count(*),
    count(*) FILTER (WHERE application.application_date > cases.end_date)
FROM ready_application AS application JOIN ready_case AS cases USING (case_id) GROUP BY cases.jurisdiction
UNION ALL
SELECT 'jump_application_completed_before_issue', cases.jurisdiction, count(*),
    count(*) FILTER (WHERE application.completed_date < application.application_date)
FROM ready_application AS application JOIN ready_case AS cases USING (case_id) GROUP BY cases.jurisdiction;

INSERT INTO counted
WITH made AS (
    SELECT
        cases.jurisdiction,
        placed.order_date < cases.issue_date AS is_early,
        -- Weeks of birth are Mondays: an order of the week of birth is not before birth.
        placed.order_date < child.week_of_birth AS is_before_birth,
        completed_years(child.week_of_birth, placed.order_date) >= 18 AS is_adult
    FROM ready_legal_order AS placed
    JOIN ready_case AS cases USING (case_id)
    JOIN ready_person AS child ON child.person_id = placed.child_id
)
SELECT 'jump_order_before_issue', jurisdiction, count(*), count(*) FILTER (WHERE is_early)
FROM made GROUP BY jurisdiction
UNION ALL
SELECT 'jump_order_before_birth', jurisdiction, count(*), count(*) FILTER (WHERE is_before_birth)
FROM made GROUP BY jurisdiction
UNION ALL
SELECT 'jump_order_after_18', jurisdiction, count(*), count(*) FILTER (WHERE is_adult) FROM made GROUP BY jurisdiction;

INSERT INTO counted
SELECT 'jump_case_after_death', cases.jurisdiction, count(*), count(*) FILTER (WHERE dead.death_date < cases.issue_date)
FROM ready_case_person AS person
JOIN ready_person AS dead USING (person_id)
JOIN ready_case AS cases USING (case_id)
WHERE dead.death_date IS NOT NULL
GROUP BY cases.jurisdiction;

-- A child under a care or placement order does not come into care proceedings again unless the order was discharged.
INSERT INTO counted
WITH in_care AS (
    SELECT child_id, order_date, order_group
    FROM ready_legal_order
    WHERE is_final = 1 AND order_group IN ('care', 'placement')
),
discharged AS (SELECT child_id, order_date FROM ready_legal_order WHERE order_group = 'discharge'),
ordered AS (
    SELECT
        spell.person_id,
        spell.case_id,
        bool_or(in_care.order_group = 'care' AND NOT EXISTS (
            SELECT 1 FROM discharged
            WHERE discharged.child_id = spell.person_id
                AND discharged.order_date BETWEEN in_care.order_date AND spell.starts
        )) AS under_care_order,
        bool_or(in_care.order_group = 'placement') AS after_placement_order
    FROM s31_spell AS spell
    JOIN in_care ON in_care.child_id = spell.person_id AND in_care.order_date < spell.starts
    WHERE spell.family_role = 'child'
    GROUP BY spell.person_id, spell.case_id
)
SELECT 'teleport_s31_under_care_order', jurisdiction, count(*), count(*) FILTER (WHERE under_care_order)
FROM s31_spell LEFT JOIN ordered USING (person_id, case_id) WHERE family_role = 'child' GROUP BY jurisdiction
UNION ALL
SELECT 'teleport_s31_after_placement_order', jurisdiction, count(*), count(*) FILTER (WHERE after_placement_order)
FROM s31_spell LEFT JOIN ordered USING (person_id, case_id) WHERE family_role = 'child' GROUP BY jurisdiction;

-- One linkage field in England and in Wales: a family that moved, or a wrong match.
INSERT INTO counted
WITH field AS (
    SELECT linkage_field, min(jurisdiction) <> max(jurisdiction) AS in_both
    FROM person_fields WHERE linkage_field IS NOT NULL GROUP BY linkage_field
)
SELECT 'teleport_between_nations', person.jurisdiction, count(*), count(*) FILTER (WHERE field.in_both)
FROM person_fields AS person JOIN field USING (linkage_field) GROUP BY person.jurisdiction;
