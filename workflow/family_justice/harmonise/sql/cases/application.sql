-- Cases known, applications of these cases, and from both the cases that are retained and their day of issue.

INSERT INTO counted SELECT 'case_rows_read', system, count(*), 0 FROM staged_case GROUP BY system;

-- A case open in July 2014 went over to ECMS under its number: one case, and ECMS has the last word on it.
CREATE TABLE known_case AS
SELECT
    case_id,
    min(jurisdiction) AS jurisdiction,
    CASE WHEN min(system) <> max(system) THEN 'CMS+ECMS' ELSE min(system) END AS system,
    coalesce(max(law_type) FILTER (WHERE system = 'ECMS'), max(law_type)) AS law_type,
    coalesce(max(is_completed) FILTER (WHERE system = 'ECMS'), max(is_completed)) AS is_completed,
    coalesce(max(local_authority) FILTER (WHERE system = 'ECMS'), max(local_authority)) AS local_authority,
    max(court_form) AS court_form,
    min(received_date) AS received_date,
    max(closed_date) AS closed_date,
    max(reopened_date) AS reopened_date
FROM staged_case
GROUP BY case_id;

INSERT INTO counted
SELECT 'straddling_case', 'England', count(*), count(*) - count(DISTINCT case_id)
FROM staged_case WHERE jurisdiction = 'England'
HAVING count(*) > 0;

INSERT INTO counted
SELECT 'application_rows_read', system, count(*), 0 FROM staged_application GROUP BY system
UNION ALL
SELECT 'application_without_case', system, count(*), count(*) FILTER (WHERE case_id IS NULL OR case_id NOT IN (SELECT case_id FROM known_case))
FROM staged_application GROUP BY system;

CREATE TABLE application_of_case AS
SELECT
    staged.* REPLACE (coalesce(kind.listed, trim(staged.type_name)) AS type_name),  -- in the spelling of the code list
    coalesce(staged.application_date, staged.received_date) AS issue_date,
    kind.category,
    coalesce(kind.is_s31, 0) AS is_s31
FROM staged_application AS staged
JOIN known_case USING (case_id)
LEFT JOIN application_types AS kind ON kind.plain_name = plain(staged.type_name);

INSERT INTO counted
SELECT 'application_date_missing', system, count(*),
    count(*) FILTER (WHERE application_date IS NULL AND received_date IS NOT NULL)
FROM application_of_case GROUP BY system
UNION ALL
SELECT 'application_undated', system, count(*), count(*) FILTER (WHERE issue_date IS NULL)
FROM application_of_case GROUP BY system;

-- An application of a straddling case stands in both systems if ECMS has one of the same number,
-- or of the same kind and day, in the same case. ECMS is kept.
CREATE TABLE dated_application AS
WITH in_ecms AS (
    SELECT case_id, application_number, coalesce(category, '') AS category, issue_date
    FROM application_of_case
    WHERE system = 'ECMS' AND issue_date IS NOT NULL
),
twin AS (
    SELECT one.application_id
    FROM application_of_case AS one
    JOIN in_ecms AS other USING (case_id, application_number)
    WHERE one.system = 'CMS'
    UNION
    SELECT one.application_id
    FROM application_of_case AS one
    JOIN in_ecms AS other USING (case_id, issue_date)
    WHERE one.system = 'CMS' AND other.category = coalesce(one.category, '')
)
SELECT application.*, twin.application_id IS NOT NULL AS is_also_in_ecms
FROM application_of_case AS application
LEFT JOIN twin USING (application_id)
WHERE application.issue_date IS NOT NULL;

INSERT INTO counted
SELECT 'application_type_missing', system, count(*), count(*) FILTER (WHERE category IS NULL)
FROM dated_application GROUP BY system
UNION ALL
SELECT 'straddling_application', system, count(*), count(*) FILTER (WHERE is_also_in_ecms)
FROM dated_application WHERE system = 'CMS' GROUP BY system;

-- The law type of a case that has none follows from its applications.
CREATE TABLE retained_case AS
WITH issued AS (
    SELECT
        case_id,
        min(issue_date) AS issue_date,
        max(is_s31) AS has_s31,
        min(issue_date) FILTER (WHERE is_s31 = 1) AS s31_issue_date,
        bool_or(category NOT IN (
            'child_arrangements', 'specific_issue', 'prohibited_steps', 'enforcement', 'parental_responsibility',
            'special_guardianship', 'other_private'
        )) AS any_public
    FROM dated_application
    GROUP BY case_id
)
SELECT
    known.case_id,
    known.jurisdiction,
    known.system,
    known.law_type IS NULL AS law_type_was_missing,
    coalesce(known.law_type, CASE WHEN issued.any_public THEN 'public' ELSE 'private' END) AS law_type,
    issued.issue_date,
    issued.has_s31,
    issued.s31_issue_date,
    known.is_completed,
    known.local_authority,
    known.court_form,
    known.received_date,
    known.closed_date,
    known.reopened_date
FROM known_case AS known
JOIN issued USING (case_id);

INSERT INTO counted
SELECT 'case_without_application', jurisdiction, count(*),
    count(*) FILTER (WHERE case_id NOT IN (SELECT case_id FROM retained_case))
FROM known_case GROUP BY jurisdiction
UNION ALL
SELECT 'law_type_missing', jurisdiction, count(*), count(*) FILTER (WHERE law_type_was_missing)
FROM retained_case GROUP BY jurisdiction
UNION ALL
SELECT 's31_case_private', jurisdiction, count(*), count(*) FILTER (WHERE has_s31 = 1 AND law_type = 'private')
FROM retained_case GROUP BY jurisdiction;

CREATE TABLE ready_application AS
SELECT
    application.application_id,
    application.case_id,
    coalesce(application.category, 'other_' || cases.law_type) AS application_type,
    application.type_name,
    application.is_s31,
    application.issue_date AS application_date,
    application.completed_date,
    application.court,
    application.court_level,
    application.circuit,
    application.dfj_area
FROM dated_application AS application
JOIN retained_case AS cases USING (case_id)
WHERE NOT application.is_also_in_ecms;

-- People may hang on an application that was joined to its ECMS twin, or has no date: its case is known all the same.
CREATE TABLE case_of_application AS
SELECT application.system, application.application_id, application.case_id
FROM application_of_case AS application
JOIN retained_case USING (case_id);

INSERT INTO counted
SELECT 'application_without_person', application.system, count(*),
    count(*) FILTER (WHERE application.application_id NOT IN (
        SELECT application_id FROM staged_member WHERE application_id IS NOT NULL
    ))
FROM dated_application AS application
WHERE NOT application.is_also_in_ecms
GROUP BY application.system
UNION ALL
SELECT 'application_court_missing', system, count(*), count(*) FILTER (WHERE court IS NULL)
FROM dated_application WHERE NOT is_also_in_ecms GROUP BY system
UNION ALL
SELECT 'several_courts', jurisdiction, sum(applications)::BIGINT,
    coalesce(sum(applications) FILTER (WHERE courts > 1), 0)::BIGINT
FROM (
    SELECT cases.jurisdiction, count(*) AS applications, count(DISTINCT application.court) AS courts
    FROM ready_application AS application
    JOIN retained_case AS cases USING (case_id)
    GROUP BY cases.jurisdiction, case_id
)
GROUP BY jurisdiction
UNION ALL
SELECT 'applications_ready', system, count(*), 0
FROM dated_application WHERE NOT is_also_in_ecms GROUP BY system;
