-- One row per person and case, with the role in the case and the place in the family of the subject children.

-- A person may stand on an application in several rows (ECMS: several flags) and on several applications.
INSERT INTO counted
WITH pair AS (
    SELECT DISTINCT
        member.system,
        member.application_id,
        member.record_id,
        application.case_id,
        person.person_id
    FROM staged_member AS member
    LEFT JOIN case_of_application AS application USING (application_id)
    LEFT JOIN person_of_record AS person USING (record_id)
)
SELECT 'duplicate_member', read.system, read.rows_before,
    read.rows_before - (SELECT count(*) FROM pair WHERE pair.system = read.system)
FROM counted AS read WHERE read.rule = 'member_rows_read'
UNION ALL
SELECT 'member_without_case', system, count(*), count(*) FILTER (WHERE case_id IS NULL)
FROM pair GROUP BY system
UNION ALL
SELECT 'member_without_person', system, count(*), count(*) FILTER (WHERE person_id IS NULL)
FROM pair WHERE case_id IS NOT NULL GROUP BY system
UNION ALL
SELECT 'member_on_several_applications', CASE system WHEN 'Cymru' THEN 'Wales' ELSE 'England' END AS jurisdiction,
    count(*), count(*) - count(DISTINCT (case_id, person_id))
FROM pair WHERE case_id IS NOT NULL AND person_id IS NOT NULL GROUP BY jurisdiction;

-- Roles are meant to exclude each other. A subject child stays a subject whatever else is recorded;
-- anybody else with two roles is unclear. Whether a respondent is mother or father does not depend on this:
-- it follows from the relationships.
CREATE TABLE role_in_case AS
SELECT
    case_id,
    person_id,
    CASE
        WHEN bool_or(role = 'subject') THEN 'subject'
        WHEN min(role) <> max(role) THEN 'unclear'
        ELSE coalesce(min(role), 'other')
    END AS role,
    min(role) IS NULL AS has_no_role,
    min(role) <> max(role) AS has_several_roles
FROM member
GROUP BY case_id, person_id;

CREATE TABLE parent_in_case AS
SELECT DISTINCT adult.case_id, adult.person_id, relationship.parent
FROM role_in_case AS child
JOIN ready_relationship AS relationship ON relationship.child_id = child.person_id
JOIN role_in_case AS adult ON adult.case_id = child.case_id AND adult.person_id = relationship.parent_id
WHERE child.role = 'subject';

-- The first s31 application that is about the person: a child born during proceedings joins them later.
CREATE TABLE s31_of_person AS
SELECT member.case_id, member.person_id, min(application.issue_date) AS s31_issue_date
FROM member
JOIN dated_application AS application USING (application_id)
WHERE application.is_s31 = 1
GROUP BY member.case_id, member.person_id;

CREATE TABLE ready_case_person AS
SELECT
    member.case_id,
    member.person_id,
    member.role,
    -- A subject child who is also the parent of a subject child (a young mother) counts as a child.
    CASE WHEN member.role = 'subject' THEN 'child' ELSE parent.parent END AS family_role,
    s31.s31_issue_date,
    completed_years(person.week_of_birth, cases.issue_date) AS age_at_issue
FROM role_in_case AS member
JOIN ready_person AS person USING (person_id)
JOIN retained_case AS cases USING (case_id)
LEFT JOIN parent_in_case AS parent USING (case_id, person_id)
LEFT JOIN s31_of_person AS s31 USING (case_id, person_id);

INSERT INTO counted
WITH member AS (
    SELECT ready.*, role.has_no_role, role.has_several_roles, cases.jurisdiction
    FROM ready_case_person AS ready
    JOIN role_in_case AS role USING (case_id, person_id)
    JOIN retained_case AS cases USING (case_id)
)
SELECT 'role_not_recorded', jurisdiction, count(*), count(*) FILTER (WHERE has_no_role)
FROM member GROUP BY jurisdiction
UNION ALL
SELECT 'several_roles', jurisdiction, count(*), count(*) FILTER (WHERE role = 'unclear')
FROM member GROUP BY jurisdiction
UNION ALL
SELECT 'subject_with_other_role', jurisdiction, count(*),
    count(*) FILTER (WHERE role = 'subject' AND has_several_roles)
FROM member GROUP BY jurisdiction
UNION ALL
SELECT 'subject_adult', jurisdiction, count(*), count(*) FILTER (WHERE role = 'subject' AND age_at_issue >= 18)
FROM member GROUP BY jurisdiction
UNION ALL
SELECT 'parent_too_young', jurisdiction, count(*),
    count(*) FILTER (WHERE family_role IN ('mother', 'father') AND age_at_issue < 12)
FROM member GROUP BY jurisdiction
UNION ALL
SELECT 'case_people_ready', jurisdiction, count(*), 0 FROM member GROUP BY jurisdiction;
