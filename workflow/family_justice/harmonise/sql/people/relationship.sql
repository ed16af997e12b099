-- Parents of children. Mother and father follow from the recorded sex of the parent.

INSERT INTO counted
SELECT 'relationship_not_parent', read.system, read.rows_before,
    read.rows_before - (SELECT count(*) FROM staged_parent WHERE staged_parent.system = read.system)
FROM counted AS read WHERE read.rule = 'relationship_rows_read';

-- Somebody who is recorded as a parent and as something else of one child is a parent, unless the option says otherwise.
CREATE TABLE parent_with_other_relation AS
SELECT DISTINCT parent.system, parent.child_record_id, parent.parent_record_id
FROM staged_parent AS parent
JOIN staged_relative AS other
    ON other.system = parent.system
    AND other.record_id = parent.child_record_id
    AND other.relative_record_id = parent.parent_record_id
WHERE other.relation <> 'no_family';

INSERT INTO counted
SELECT 'parent_with_other_relation', parent.system, count(*), count(other.system)
FROM staged_parent AS parent
LEFT JOIN parent_with_other_relation AS other USING (system, child_record_id, parent_record_id)
GROUP BY parent.system;

CREATE TABLE parent_of_child AS
SELECT
    staged.system,
    child.person_id AS child_id,
    parent.person_id AS parent_id,
    parent.sex AS parent_sex
FROM staged_parent AS staged
LEFT JOIN person_of_record AS child_record ON child_record.record_id = staged.child_record_id
LEFT JOIN ready_person AS child ON child.person_id = child_record.person_id
LEFT JOIN person_of_record AS parent_record ON parent_record.record_id = staged.parent_record_id
LEFT JOIN ready_person AS parent ON parent.person_id = parent_record.person_id
WHERE getvariable('parent_with_other_relation') = 'parent'
    OR (staged.system, staged.child_record_id, staged.parent_record_id) NOT IN (
        SELECT (system, child_record_id, parent_record_id) FROM parent_with_other_relation
    );

INSERT INTO counted
SELECT 'relationship_without_person', system, count(*),
    count(*) FILTER (WHERE child_id IS NULL OR parent_id IS NULL)
FROM parent_of_child GROUP BY system
UNION ALL
SELECT 'relationship_to_self', system, count(*), count(*) FILTER (WHERE child_id = parent_id)
FROM parent_of_child WHERE child_id IS NOT NULL AND parent_id IS NOT NULL GROUP BY system
UNION ALL
SELECT 'parent_sex_missing', system, count(*), count(*) FILTER (WHERE parent_sex IS NULL)
FROM parent_of_child WHERE child_id <> parent_id GROUP BY system;

-- The first mother or father is the one with the smallest identifier: the order of rows means nothing.
CREATE TABLE distinct_parent AS
SELECT
    child_id,
    parent_id,
    CASE parent_sex WHEN 'female' THEN 'mother' ELSE 'father' END AS parent,
    row_number() OVER (PARTITION BY child_id, parent_sex ORDER BY length(parent_id), parent_id) AS place
FROM (SELECT DISTINCT child_id, parent_id, parent_sex FROM parent_of_child)
WHERE child_id <> parent_id AND parent_sex IS NOT NULL;

CREATE TABLE ready_relationship AS
SELECT child_id, parent_id, parent
FROM distinct_parent
WHERE place = 1 OR getvariable('several_parents') = 'keep_all';

INSERT INTO counted
SELECT
    'relationship_repeated', jurisdiction, count(*), count(*) - count(DISTINCT (child_id, parent_id))
FROM (
    SELECT child_id, parent_id, CASE system WHEN 'Cymru' THEN 'Wales' ELSE 'England' END AS jurisdiction
    FROM parent_of_child WHERE child_id <> parent_id AND parent_sex IS NOT NULL
)
GROUP BY jurisdiction;

INSERT INTO counted
WITH child AS (
    SELECT
        CASE left(child_id, 1) WHEN 'W' THEN 'Wales' ELSE 'England' END AS jurisdiction,
        child_id,
        count(*) AS parents,
        count(*) FILTER (WHERE place = 1 OR getvariable('several_parents') = 'keep_all') AS kept,
        count(*) FILTER (WHERE parent = 'mother') AS mothers,
        count(*) FILTER (WHERE parent = 'father') AS fathers
    FROM distinct_parent
    GROUP BY child_id
)
SELECT 'several_mothers', jurisdiction, count(*), count(*) FILTER (WHERE mothers > 1) FROM child GROUP BY jurisdiction
UNION ALL
SELECT 'several_fathers', jurisdiction, count(*), count(*) FILTER (WHERE fathers > 1) FROM child GROUP BY jurisdiction
UNION ALL
SELECT 'more_than_two_parents', jurisdiction, count(*), count(*) FILTER (WHERE parents > 2)
FROM child GROUP BY jurisdiction
UNION ALL
SELECT 'further_parent_dropped', jurisdiction, sum(parents)::BIGINT, (sum(parents) - sum(kept))::BIGINT
FROM child GROUP BY jurisdiction
UNION ALL
SELECT 'relationships_ready', jurisdiction, sum(kept)::BIGINT, 0 FROM child GROUP BY jurisdiction;

INSERT INTO counted
SELECT 'parent_close_in_age', CASE left(pair.child_id, 1) WHEN 'W' THEN 'Wales' ELSE 'England' END AS jurisdiction,
    count(*), count(*) FILTER (WHERE completed_years(parent.week_of_birth, child.week_of_birth) < 12)
FROM ready_relationship AS pair
JOIN ready_person AS child ON child.person_id = pair.child_id
JOIN ready_person AS parent ON parent.person_id = pair.parent_id
GROUP BY jurisdiction;
