-- One row per case, with the dates that follow from its hearings and orders.

-- The designated family judge's area is that of the court at which the case was first recorded; where no court tells it,
-- that of the local authority.
CREATE TABLE court_area AS
WITH area AS (  -- in the spelling of the table of authorities
    SELECT plain(DFJ_AREA) AS word, min(DFJ_AREA) AS dfj_area FROM AREA_LOCAL_AUTHORITY GROUP BY word
)
SELECT
    case_id,
    first(coalesce(area.dfj_area, application.dfj_area) ORDER BY application.issue_date, application_id) AS dfj_area
FROM dated_application AS application
LEFT JOIN area ON area.word = plain(application.dfj_area)
WHERE application.dfj_area IS NOT NULL
GROUP BY case_id;

CREATE TABLE ready_case AS
WITH heard AS (
    SELECT
        case_id,
        -- Care proceedings count from their own issue: an emergency application may have been heard days before.
        min(hearing.hearing_date) FILTER (
            WHERE hearing.hearing_date >= coalesce(cases.s31_issue_date, cases.issue_date)
        ) AS first_hearing_date,
        max(hearing.hearing_date) AS last_hearing_date
    FROM ready_hearing AS hearing
    JOIN retained_case AS cases USING (case_id)
    GROUP BY case_id
),
final_order AS (
    SELECT case_id, max(order_date) AS final_order_date
    FROM ready_legal_order
    WHERE is_final = 1
    GROUP BY case_id
)
SELECT
    cases.case_id,
    cases.jurisdiction,
    cases.system,
    cases.law_type,
    cases.issue_date,
    cases.has_s31,
    cases.s31_issue_date,
    heard.first_hearing_date,
    heard.last_hearing_date,
    final_order.final_order_date,
    -- An open case has not ended, whatever orders it has seen.
    CASE WHEN cases.is_completed = 1 THEN coalesce(final_order.final_order_date, heard.last_hearing_date) END AS end_date,
    cases.is_completed,
    cases.court_form,
    cases.received_date,
    cases.closed_date,
    cases.reopened_date,
    cases.local_authority,
    coalesce(court_area.dfj_area, area.DFJ_AREA) AS dfj_area,
    area.REGION AS region
FROM retained_case AS cases
LEFT JOIN heard USING (case_id)
LEFT JOIN final_order USING (case_id)
LEFT JOIN court_area USING (case_id)
LEFT JOIN AREA_LOCAL_AUTHORITY AS area ON area.LA_CODE = cases.local_authority;

INSERT INTO counted
WITH people AS (
    SELECT
        case_id,
        bool_or(family_role = 'child') AS has_child,
        bool_or(family_role = 'mother') AS has_mother
    FROM ready_case_person
    GROUP BY case_id
),
cases AS (
    SELECT
        ready.*,
        coalesce(people.has_child, false) AS has_child,
        coalesce(people.has_mother, false) AS has_mother,
        court_area.case_id IS NOT NULL AS of_court
    FROM ready_case AS ready
    LEFT JOIN court_area USING (case_id)
    LEFT JOIN people USING (case_id)
)
SELECT 'case_without_subject', jurisdiction, count(*), count(*) FILTER (WHERE NOT has_child)
FROM cases GROUP BY jurisdiction
UNION ALL
SELECT 's31_case_without_mother', jurisdiction, count(*), count(*) FILTER (WHERE has_s31 = 1 AND NOT has_mother)
FROM cases GROUP BY jurisdiction
UNION ALL
SELECT 'completed_without_end', jurisdiction, count(*), count(*) FILTER (WHERE is_completed = 1 AND end_date IS NULL)
FROM cases GROUP BY jurisdiction
UNION ALL
SELECT 'dfj_area_of_authority', jurisdiction, count(*), count(*) FILTER (WHERE dfj_area IS NOT NULL AND NOT of_court)
FROM cases GROUP BY jurisdiction
UNION ALL
SELECT 'local_authority_unknown', jurisdiction, count(*), count(*) FILTER (WHERE region IS NULL)
FROM cases GROUP BY jurisdiction
UNION ALL
SELECT 'cases_ready', jurisdiction, count(*), 0 FROM cases GROUP BY jurisdiction;
