-- One row per person and application, with the role on it, for people who are in the case and applications that stay.

CREATE TABLE ready_application_person AS
SELECT
    member.application_id,
    member.person_id,
    role_of(
        min(member.role), max(member.role), bool_or(member.role = 'subject'),
        min(list_position(getvariable('role_priority'), member.role))
    ) AS role
FROM member
JOIN ready_application AS application USING (application_id)
JOIN role_in_case AS held ON held.case_id = member.case_id AND held.person_id = member.person_id
GROUP BY member.application_id, member.person_id;

INSERT INTO counted
WITH pair AS (
    SELECT system, count(*) AS roles, count(DISTINCT (application_id, person_id)) AS pairs FROM member GROUP BY system
),
kept AS (
    SELECT
        CASE left(application_id, 1) WHEN 'C' THEN 'CMS' WHEN 'E' THEN 'ECMS' ELSE 'Cymru' END AS system,
        count(*) AS pairs,
        count(*) FILTER (WHERE role = 'unclear') AS unclear
    FROM ready_application_person
    GROUP BY system
)
SELECT 'application_roles_read', system, roles, 0 FROM pair
UNION ALL
SELECT 'application_role_repeated', system, roles, roles - pairs FROM pair
UNION ALL
SELECT 'person_on_joined_application', pair.system, pair.pairs, pair.pairs - coalesce(kept.pairs, 0)
FROM pair LEFT JOIN kept USING (system)
UNION ALL
SELECT 'several_roles_on_application', system, pairs, unclear FROM kept
UNION ALL
SELECT 'application_people_ready', system, pairs, 0 FROM kept;
