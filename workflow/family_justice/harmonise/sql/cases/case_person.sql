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

-- Roles are meant to exclude each other. By default a subject child stays a subject whatever else is recorded, and
-- anybody else with two roles is unclear. Whether a respondent is mother or father does not depend on this:
-- it follows from the relationships.
CREATE MACRO role_of(first_role, last_role, is_subject, priority) AS CASE
    WHEN first_role IS NULL THEN 'other'
    WHEN first_role = last_role THEN first_role
    WHEN getvariable('several_roles') = 'priority'
        THEN coalesce(list_extract(getvariable('role_priority'), priority), 'unclear')
    WHEN is_subject AND getvariable('several_roles') = 'unclear' THEN 'subject'
    ELSE 'unclear'
END;

CREATE TABLE recorded_role AS
SELECT
    case_id,
    person_id,
    role_of(
        min(role), max(role), bool_or(role = 'subject'), min(list_position(getvariable('role_priority'), role))
    ) AS role,
    min(role) IS NULL AS has_no_role,
    min(role) <> max(role) AS has_several_roles
FROM member
GROUP BY case_id, person_id;

-- Whether subjects who are of age, and people under age who are no subjects, stay: researchers differ.
CREATE TABLE aged_role AS
SELECT
    recorded.*,
    cases.jurisdiction,
    completed_years(person.week_of_birth, cases.issue_date) AS age_at_issue,
    recorded.role = 'subject' AND coalesce(age_at_issue >= 18, false) AS is_adult_subject,
    recorded.role <> 'subject' AND coalesce(age_at_issue < 18, false) AS is_minor_not_subject
FROM recorded_role AS recorded
JOIN ready_person AS person USING (person_id)
JOIN retained_case AS cases USING (case_id);

INSERT INTO counted
SELECT 'adult_subject_dropped', jurisdiction, count(*),
    count(*) FILTER (WHERE is_adult_subject AND NOT getvariable('keep_adult_subjects'))
FROM aged_role GROUP BY jurisdiction;

INSERT INTO counted
SELECT 'minor_not_subject_dropped', jurisdiction, count(*),
    count(*) FILTER (WHERE is_minor_not_subject AND NOT getvariable('keep_minors_not_subject'))
FROM aged_role WHERE NOT is_adult_subject OR getvariable('keep_adult_subjects') GROUP BY jurisdiction;

CREATE TABLE role_in_case AS
SELECT * FROM aged_role
WHERE (NOT is_adult_subject OR getvariable('keep_adult_subjects'))
    AND (NOT is_minor_not_subject OR getvariable('keep_minors_not_subject'));

CREATE TABLE parent_in_case AS
SELECT DISTINCT adult.case_id, adult.person_id, relationship.parent
FROM role_in_case AS child
JOIN ready_relationship AS relationship ON relationship.child_id = child.person_id
JOIN role_in_case AS adult ON adult.case_id = child.case_id AND adult.person_id = relationship.parent_id
WHERE child.role = 'subject';

-- Relatives who are no parents: where several relations are recorded, the first of this list.
CREATE TABLE relative_in_case AS
SELECT
    adult.case_id,
    adult.person_id,
    (['grandparent', 'step_parent', 'extended_family', 'carer'])[
        min(list_position(['grandparent', 'step_parent', 'extended_family', 'carer'], link.relation))
    ] AS relation
FROM role_in_case AS child
JOIN ready_relative AS link ON link.person_id = child.person_id
JOIN role_in_case AS adult ON adult.case_id = child.case_id AND adult.person_id = link.relative_id
WHERE child.role = 'subject' AND link.relation IN ('grandparent', 'step_parent', 'extended_family', 'carer')
GROUP BY adult.case_id, adult.person_id;

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
    CASE WHEN member.role = 'subject' THEN 'child' ELSE coalesce(parent.parent, relative.relation) END AS family_role,
    s31.s31_issue_date,
    member.age_at_issue
FROM role_in_case AS member
LEFT JOIN parent_in_case AS parent USING (case_id, person_id)
LEFT JOIN relative_in_case AS relative USING (case_id, person_id)
LEFT JOIN s31_of_person AS s31 USING (case_id, person_id);

INSERT INTO counted
WITH member AS (
    SELECT ready.*, role.has_no_role, role.has_several_roles, role.is_minor_not_subject, role.jurisdiction
    FROM ready_case_person AS ready
    JOIN role_in_case AS role USING (case_id, person_id)
)
SELECT 'role_not_recorded', jurisdiction, count(*), count(*) FILTER (WHERE has_no_role)
FROM member GROUP BY jurisdiction
UNION ALL
SELECT 'relative_of_subject', jurisdiction, count(*),
    count(*) FILTER (WHERE family_role NOT IN ('child', 'mother', 'father'))
FROM member GROUP BY jurisdiction
UNION ALL
SELECT 'several_roles', jurisdiction, count(*), count(*) FILTER (WHERE role = 'unclear')
FROM member GROUP BY jurisdiction
UNION ALL
SELECT 'subject_with_other_role', jurisdiction, count(*),
    count(*) FILTER (WHERE role = 'subject' AND has_several_roles)
FROM member GROUP BY jurisdiction
UNION ALL
SELECT 'several_roles_by_priority', jurisdiction, count(*),
    count(*) FILTER (WHERE has_several_roles AND getvariable('several_roles') = 'priority')
FROM member GROUP BY jurisdiction
UNION ALL
SELECT 'minor_not_subject', jurisdiction, count(*), count(*) FILTER (WHERE is_minor_not_subject)
FROM member GROUP BY jurisdiction
UNION ALL
SELECT 'child_without_parent', jurisdiction, count(*) FILTER (WHERE family_role = 'child'),
    count(*) FILTER (WHERE family_role = 'child' AND person_id NOT IN (SELECT child_id FROM ready_relationship))
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
