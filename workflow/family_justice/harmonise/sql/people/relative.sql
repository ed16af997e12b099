-- Relatives other than parents: brothers and sisters by kind, and the extended family. What is recorded, as recorded.

INSERT INTO counted
SELECT 'relative_rows_read', system, count(*), 0 FROM staged_relative GROUP BY system
UNION ALL
SELECT 'relative_no_family', system, count(*), count(*) FILTER (WHERE relation = 'no_family')
FROM staged_relative GROUP BY system;

CREATE TABLE relative_of_person AS
SELECT staged.system, staged.relation, person.person_id, relative.person_id AS relative_id
FROM staged_relative AS staged
LEFT JOIN person_of_record AS person_record ON person_record.record_id = staged.record_id
LEFT JOIN ready_person AS person ON person.person_id = person_record.person_id
LEFT JOIN person_of_record AS relative_record ON relative_record.record_id = staged.relative_record_id
LEFT JOIN ready_person AS relative ON relative.person_id = relative_record.person_id
WHERE staged.relation <> 'no_family';

INSERT INTO counted
SELECT 'relative_without_person', system, count(*),
    count(*) FILTER (WHERE person_id IS NULL OR relative_id IS NULL)
FROM relative_of_person GROUP BY system
UNION ALL
SELECT 'relative_to_self', system, count(*), count(*) FILTER (WHERE person_id = relative_id)
FROM relative_of_person WHERE person_id IS NOT NULL AND relative_id IS NOT NULL GROUP BY system;

CREATE TABLE ready_relative AS
SELECT DISTINCT person_id, relative_id, relation FROM relative_of_person WHERE person_id <> relative_id;

INSERT INTO counted
SELECT 'relative_repeated', jurisdiction, count(*), count(*) - count(DISTINCT (person_id, relative_id, relation))
FROM (
    SELECT *, CASE system WHEN 'Cymru' THEN 'Wales' ELSE 'England' END AS jurisdiction
    FROM relative_of_person WHERE person_id <> relative_id
)
GROUP BY jurisdiction;

INSERT INTO counted
WITH pair AS (
    SELECT
        CASE left(person_id, 1) WHEN 'W' THEN 'Wales' ELSE 'England' END AS jurisdiction,
        person_id,
        relative_id,
        count(*) AS relations,
        count(*) FILTER (WHERE relation LIKE '%sibling') AS siblings
    FROM ready_relative
    GROUP BY person_id, relative_id
)
SELECT 'several_kinds_of_sibling', jurisdiction, sum(siblings)::BIGINT,
    coalesce(sum(siblings) FILTER (WHERE siblings > 1), 0)::BIGINT
FROM pair GROUP BY jurisdiction
UNION ALL
SELECT 'relatives_ready', jurisdiction, sum(relations)::BIGINT, 0 FROM pair GROUP BY jurisdiction;
