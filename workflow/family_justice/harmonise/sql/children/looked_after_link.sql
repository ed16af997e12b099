-- Who the looked-after children, children in need and pupils are, and when they were born.
--
-- 1. By the linkage field of the record, unless a child has two different ones.
-- 2. By that of the child's pupil number.
-- 3. By the court: the only person with this week of birth and sex for whom an order of this kind was made on the day on
--    which the legal status began, as in public code of SAIL users.

-- Residents by linkage field; people in court records who are not in the demographic service are found all the same.
CREATE TABLE child_by_field AS
WITH court AS (
    SELECT linkage_field, min(person_id) AS person_id
    FROM ready_person_identifier
    WHERE system = 'Cymru' AND linkage_field IS NOT NULL
    GROUP BY linkage_field
)
SELECT
    linkage_field,
    CASE WHEN fields.linkage_field IS NOT NULL THEN 'R' || linkage_field END AS resident_id,
    court.person_id,
    fields.week_of_birth
FROM resident_fields AS fields
FULL JOIN court USING (linkage_field);

CREATE TABLE pupil_link AS
SELECT pupil_number, CASE WHEN min(linkage_field) = max(linkage_field) THEN min(linkage_field) END AS linkage_field
FROM staged_pupil
GROUP BY pupil_number;

CREATE TABLE care_child AS
WITH pupil_number AS (
    SELECT care_id, CASE WHEN min(pupil_number) = max(pupil_number) THEN min(pupil_number) END AS pupil_number
    FROM staged_care_number
    GROUP BY care_id
),
known AS (
    SELECT
        care_id,
        CASE WHEN min(linkage_field) = max(linkage_field) THEN min(linkage_field) END AS linkage_field,
        coalesce(min(linkage_field) <> max(linkage_field), false) AS has_several_fields,
        CASE WHEN min(sex) = max(sex) THEN min(sex) END AS sex,
        min(week_of_birth) AS week_of_birth
    FROM staged_care_child
    WHERE system = 'LACW'
    GROUP BY care_id
),
everyone AS (
    SELECT care_id FROM known
    UNION
    SELECT DISTINCT care_id FROM staged_care_episode
)
SELECT
    everyone.care_id,
    coalesce(known.linkage_field, pupil.linkage_field) AS linkage_field,
    CASE
        WHEN known.linkage_field IS NOT NULL THEN 'looked_after'
        WHEN pupil.linkage_field IS NOT NULL THEN 'school'
    END AS linked_by,
    coalesce(known.has_several_fields, false) AS has_several_fields,
    known.sex,
    known.week_of_birth
FROM everyone
LEFT JOIN known USING (care_id)
LEFT JOIN pupil_number USING (care_id)
LEFT JOIN pupil_link AS pupil USING (pupil_number);

CREATE TABLE care_child_by_court AS
WITH status AS (
    SELECT DISTINCT
        child.care_id, child.sex, child.week_of_birth, episode.episode_start AS order_date,
        CASE episode.status_code WHEN 'C2' THEN 'care' WHEN 'E1' THEN 'placement' END AS order_group
    FROM care_child AS child
    JOIN staged_care_episode AS episode USING (care_id)
    WHERE child.linkage_field IS NULL AND episode.status_code IN ('C2', 'E1') AND episode.start_code IN ('S', 'L', 'B')
),
found AS (
    SELECT DISTINCT status.care_id, person.person_id
    FROM status
    JOIN ready_legal_order AS made USING (order_date, order_group)
    JOIN ready_person AS person
        ON person.person_id = made.child_id AND person.sex = status.sex AND person.week_of_birth = status.week_of_birth
    -- The courts of England make such orders on the same days, for children of the same sex and week of birth.
    WHERE person.person_id LIKE 'W%' AND person.person_id NOT IN (SELECT person_id FROM care_child JOIN child_by_field USING (linkage_field) WHERE person_id IS NOT NULL)
)
SELECT care_id, person_id
FROM found
QUALIFY count(*) OVER (PARTITION BY care_id) = 1 AND count(*) OVER (PARTITION BY person_id) = 1;

CREATE TABLE care_identity AS
WITH field_of_person AS (
    SELECT person_id, min(linkage_field) AS linkage_field FROM child_by_field WHERE person_id IS NOT NULL GROUP BY person_id
)
SELECT
    child.care_id,
    coalesce(own.resident_id, through_court.resident_id) AS resident_id,
    coalesce(own.person_id, court.person_id) AS person_id,
    coalesce(child.linked_by, CASE WHEN court.person_id IS NOT NULL THEN 'court' END) AS linked_by,
    child.has_several_fields,
    child.sex,
    child.week_of_birth AS recorded_week,
    coalesce(own.week_of_birth, through_court.week_of_birth, child.week_of_birth) AS week_of_birth
FROM care_child AS child
LEFT JOIN child_by_field AS own ON own.linkage_field = child.linkage_field
LEFT JOIN care_child_by_court AS court USING (care_id)
LEFT JOIN field_of_person ON field_of_person.person_id = court.person_id
LEFT JOIN child_by_field AS through_court ON through_court.linkage_field = field_of_person.linkage_field;

INSERT INTO counted
SELECT 'several_linkage_fields_care', 'LACW', count(*), count(*) FILTER (WHERE has_several_fields) FROM care_identity HAVING count(*) > 0
UNION ALL
SELECT 'care_linked_by_own_field', 'LACW', count(*), count(*) FILTER (WHERE linked_by = 'looked_after') FROM care_identity HAVING count(*) > 0
UNION ALL
SELECT 'care_linked_by_school', 'LACW', count(*), count(*) FILTER (WHERE linked_by = 'school') FROM care_identity HAVING count(*) > 0
UNION ALL
SELECT 'care_linked_by_court', 'LACW', count(*), count(*) FILTER (WHERE linked_by = 'court') FROM care_identity HAVING count(*) > 0
UNION ALL
SELECT 'care_week_of_birth', 'LACW', count(*), count(*) FILTER (WHERE week_of_birth <> recorded_week) FROM care_identity HAVING count(*) > 0;

-- Local authorities of social care and schools as the table of areas codes them.
CREATE TABLE child_authority AS
SELECT codes.plain_name AS code, min(area.LA_CODE) AS local_authority, min(codes.category) AS local_authority_name
FROM welsh_authorities AS codes
JOIN AREA_LOCAL_AUTHORITY AS area ON plain(area.LA_NAME) = plain(codes.category)
GROUP BY codes.plain_name;

-- The ethnic group of the latest year that has one.
CREATE TABLE child_ethnicity AS
SELECT staged.system, staged.child, arg_max(ethnic.category, (staged.year, ethnic.category)) AS ethnic_group
FROM staged_child_ethnicity AS staged
JOIN school_ethnic_groups AS ethnic ON ethnic.plain_name = plain(staged.code)
WHERE ethnic.category <> 'Unknown'
GROUP BY staged.system, staged.child;
