-- What it would look like if columns of the extract had been taken for one another, or codes for their opposite: sexes,
-- roles, statuses, law types, finality, dates, areas. Of sound records it is few; beyond limits.csv harmonisation stops.

INSERT INTO counted
WITH parent AS (
    SELECT
        case_id,
        count(*) AS parents,
        count(*) FILTER (WHERE family_role = 'mother') AS mothers,
        count(*) FILTER (WHERE role = 'applicant') AS applicants
    FROM ready_case_person
    WHERE family_role IN ('mother', 'father')
    GROUP BY case_id
),
worked AS (SELECT case_id, bool_and(completed_date IS NOT NULL) AS is_done FROM ready_application GROUP BY case_id)
SELECT 's31_case_with_father_only', system, count(*), count(*) FILTER (WHERE mothers = 0)
FROM ready_case JOIN parent USING (case_id) WHERE has_s31 = 1 GROUP BY system
UNION ALL
SELECT 's31_parent_applies', system, sum(parents)::BIGINT, sum(applicants)::BIGINT
FROM ready_case JOIN parent USING (case_id) WHERE has_s31 = 1 GROUP BY system
UNION ALL
SELECT 'open_case_completed', system, count(*), count(*) FILTER (WHERE is_done)
FROM ready_case JOIN worked USING (case_id) WHERE is_completed = 0 GROUP BY system
UNION ALL
SELECT 'court_area_differs', ready_case.system, count(*), count(*) FILTER (WHERE court_area.dfj_area <> area.DFJ_AREA)
FROM ready_case
JOIN court_area USING (case_id)
JOIN AREA_LOCAL_AUTHORITY AS area ON area.LA_CODE = local_authority
GROUP BY ready_case.system
UNION ALL
SELECT 'public_application_in_private_case', cases.system, count(*), count(*) FILTER (WHERE application_type IN (
    'care', 'supervision', 'emergency_protection', 'secure_accommodation', 'discharge_of_care', 'placement', 'other_public'
))
FROM ready_case AS cases JOIN ready_application USING (case_id) WHERE law_type = 'private' GROUP BY cases.system
UNION ALL
SELECT 'public_order_in_private_case', cases.system, count(*), count(*) FILTER (WHERE order_group IN (
    'care', 'supervision', 'secure_accommodation', 'discharge', 'placement'
))
FROM ready_case AS cases JOIN ready_legal_order USING (case_id) WHERE law_type = 'private' GROUP BY cases.system
UNION ALL
SELECT 'received_before_issue', system, count(*), count(*) FILTER (WHERE received_date < application_date)
FROM staged_application WHERE received_date IS NOT NULL AND application_date IS NOT NULL GROUP BY system
UNION ALL
SELECT 'output_flagged_rule_16_4', system, count(*), sum(is_rule_16_4)::BIGINT
FROM staged_output WHERE system = 'ECMS' GROUP BY system
UNION ALL
SELECT 'final_type_not_final', system, count(*), count(*) FILTER (WHERE is_final = 0)
FROM output_of_case WHERE is_final_type = 1 AND is_final IS NOT NULL GROUP BY system
UNION ALL
SELECT 'interim_type_final', system, count(*), count(*) FILTER (WHERE is_final = 1)
FROM output_of_case WHERE order_group = 'interim' AND is_final IS NOT NULL GROUP BY system;
