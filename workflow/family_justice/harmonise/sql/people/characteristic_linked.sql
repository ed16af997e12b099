-- Ethnicity of people in Welsh court records as schools and social care recorded it, through the linkage field.
-- It stands beside what Cafcass Cymru recorded and does not change the value of the person.

CREATE TABLE linked_child AS
SELECT 'LACW' AS system, care_id AS child, person_id FROM care_identity WHERE person_id IS NOT NULL
UNION ALL
SELECT child.system, child.care_id, field.person_id
FROM support_child AS child
JOIN child_by_field AS field USING (linkage_field)
WHERE field.person_id IS NOT NULL
UNION ALL
SELECT 'EDUW', pupil.pupil_number, field.person_id
FROM pupil_link AS pupil
JOIN child_by_field AS field USING (linkage_field)
WHERE field.person_id IS NOT NULL;

-- Social care counts children on 31 March, after the year that gives the code; schools count in January.
CREATE TABLE linked_ethnicity AS
SELECT
    staged.system,
    child.person_id,
    ethnic.category,
    CASE staged.system
        WHEN 'EDUW' THEN make_date(staged.year, 1, 1) ELSE make_date(staged.year + 1, 3, 31)
    END AS recorded_on
FROM staged_child_ethnicity AS staged
JOIN school_ethnic_groups AS ethnic ON ethnic.plain_name = plain(staged.code)
LEFT JOIN (linked_child AS child JOIN ready_person USING (person_id))
    ON child.system = staged.system AND child.child = staged.child;

INSERT INTO ready_characteristic BY NAME
SELECT
    person_id,
    system AS source,
    'ethnicity' AS characteristic,
    category AS "group",
    max(recorded_on) AS recorded_on,
    count(*) AS records
FROM linked_ethnicity
WHERE person_id IS NOT NULL
GROUP BY person_id, system, category;

INSERT INTO counted
WITH tally AS (
    SELECT
        system,
        count(*) AS read,
        count(*) FILTER (WHERE person_id IS NOT NULL) AS kept,
        count(DISTINCT (person_id, category)) FILTER (WHERE person_id IS NOT NULL) AS ready
    FROM linked_ethnicity
    GROUP BY system
)
SELECT 'characteristic_rows_read', system, read, 0 FROM tally
UNION ALL SELECT 'characteristic_without_person', system, read, read - kept FROM tally
UNION ALL SELECT 'characteristic_repeated', system, kept, kept - ready FROM tally
UNION ALL SELECT 'characteristics_ready', system, ready, 0 FROM tally;
