-- What was recorded of people: ethnicity, religion, nationality, language and disability.

-- 1. Every recorded value as a group of its code list: by its code where the meaning of codes is public, else by its name.
-- Who would not say is unknown. `*` in a code list stands for all other names.
CREATE TABLE characteristic_name AS
WITH listed AS (
    SELECT 'ethnicity' AS characteristic, * FROM ethnic_groups
    UNION ALL SELECT 'religion', * FROM religions
    UNION ALL SELECT 'nationality', * FROM nationalities
    UNION ALL SELECT 'language', * FROM languages
    UNION ALL SELECT 'disability', * FROM disabilities
),
coded AS (
    SELECT characteristic, unnest(string_split(ecms_codes, ' ')) AS code, category FROM listed WHERE ecms_codes <> ''
),
found AS (SELECT DISTINCT characteristic, code, name FROM staged_characteristic)
SELECT
    found.characteristic,
    found.code,
    found.name,
    coalesce(
        coded.category, listed.category, CASE WHEN is_refusal(found.name) THEN 'Unknown' END, others.category
    ) AS category,
    coded.category IS NULL AND listed.category IS NULL AND NOT is_refusal(found.name) AS is_other
FROM found
LEFT JOIN coded ON coded.characteristic = found.characteristic AND coded.code = CAST(found.code AS VARCHAR)
LEFT JOIN listed ON listed.characteristic = found.characteristic AND listed.plain_name = plain(found.name)
LEFT JOIN listed AS others ON others.characteristic = found.characteristic AND others.plain_name = '*';

-- Cafcass does not say when a value was recorded: the last application of the identifier in that system stands for it.
CREATE TABLE identifier_seen AS
SELECT member.system, member.record_id, max(application.issue_date) AS seen_on
FROM staged_member AS member
JOIN application_of_case AS application USING (application_id)
GROUP BY member.system, member.record_id;

CREATE TABLE ready_characteristic AS
SELECT
    identity.person_id,
    staged.system AS source,
    staged.characteristic,
    kind.category AS "group",
    max(seen.seen_on) AS recorded_on,
    count(*) AS records
FROM staged_characteristic AS staged
JOIN characteristic_name AS kind
    ON kind.characteristic = staged.characteristic AND kind.name = staged.name AND kind.code IS NOT DISTINCT FROM staged.code
JOIN person_of_record AS identity USING (record_id)
JOIN person_in_case AS retained ON retained.person_id = identity.person_id
LEFT JOIN identifier_seen AS seen ON seen.system = staged.system AND seen.record_id = staged.record_id
GROUP BY identity.person_id, staged.system, staged.characteristic, kind.category;

INSERT INTO counted
WITH kept AS (
    SELECT source AS system, sum(records) AS kept, count(*) AS rows FROM ready_characteristic GROUP BY source
),
read AS (
    SELECT staged.system, count(*) AS rows, count(*) FILTER (WHERE kind.is_other) AS others
    FROM staged_characteristic AS staged
    JOIN characteristic_name AS kind
    ON kind.characteristic = staged.characteristic AND kind.name = staged.name AND kind.code IS NOT DISTINCT FROM staged.code
    GROUP BY staged.system
),
combined AS (
    SELECT
        read.system,
        read.rows AS read,
        read.others,
        coalesce(kept.kept, 0)::BIGINT AS kept,
        coalesce(kept.rows, 0) AS rows
    FROM read LEFT JOIN kept USING (system)
)
SELECT 'characteristic_rows_read', system, read, 0 FROM combined
UNION ALL SELECT 'characteristic_name_other', system, read, others FROM combined
UNION ALL SELECT 'characteristic_without_person', system, read, read - kept FROM combined
UNION ALL SELECT 'characteristic_repeated', system, kept, kept - rows FROM combined
UNION ALL SELECT 'characteristics_ready', system, rows, 0 FROM combined;

-- 2. One value for each person: a known one wins over an unknown one; of two known ones the option decides.
-- Disabilities add up instead: any mention overrides "none".
CREATE TABLE person_value AS
WITH weighed AS (
    SELECT
        person_id,
        characteristic,
        "group",
        CASE getvariable('several_known_values')
            WHEN 'latest' THEN coalesce(max(recorded_on) - DATE '1900-01-01', -1)
            WHEN 'most_frequent' THEN sum(records)
            ELSE 0
        END::BIGINT AS weight
    FROM ready_characteristic
    WHERE characteristic <> 'disability'
    GROUP BY person_id, characteristic, "group"
),
-- Unknown weighs least, so that the heaviest known group is the heaviest of all.
topped AS (
    SELECT *, max(CASE WHEN "group" <> 'Unknown' THEN weight END) OVER (PARTITION BY person_id, characteristic) AS top
    FROM weighed
)
SELECT
    person_id,
    characteristic,
    CASE
        WHEN min("group") FILTER (WHERE "group" <> 'Unknown' AND weight = top)
            <> max("group") FILTER (WHERE "group" <> 'Unknown' AND weight = top) THEN 'Unclear'
        ELSE coalesce(min("group") FILTER (WHERE "group" <> 'Unknown' AND weight = top), 'Unknown')
    END AS value,
    CASE count(*) FILTER (WHERE "group" <> 'Unknown')
        WHEN 0 THEN 'unknown' WHEN 1 THEN 'known' ELSE 'conflicting'
    END AS status
FROM topped
GROUP BY person_id, characteristic;

CREATE TABLE person_disability AS
SELECT
    person_id,
    count(DISTINCT "group") FILTER (WHERE "group" NOT IN ('none', 'Unknown')) AS types,
    bool_or("group" = 'none') AND NOT (
        getvariable('disability_none_and_unknown') = 'unknown' AND bool_or("group" = 'Unknown')
    ) AS none_recorded,
    max(CASE WHEN "group" = 'learning' THEN 1 ELSE 0 END) AS learning,
    max(CASE WHEN "group" = 'mental_health' THEN 1 ELSE 0 END) AS mental_health,
    max(CASE WHEN "group" = 'physical' THEN 1 ELSE 0 END) AS physical,
    max(CASE WHEN "group" = 'sensory' THEN 1 ELSE 0 END) AS sensory,
    max(CASE WHEN "group" = 'other' THEN 1 ELSE 0 END) AS other
FROM ready_characteristic
WHERE characteristic = 'disability'
GROUP BY person_id;

CREATE TABLE person_characteristics AS
SELECT
    person_id,
    max(value) FILTER (WHERE characteristic = 'ethnicity') AS ethnic_group,
    max(status) FILTER (WHERE characteristic = 'ethnicity') AS ethnicity_status,
    max(value) FILTER (WHERE characteristic = 'religion') AS religion,
    max(status) FILTER (WHERE characteristic = 'religion') AS religion_status,
    max(value) FILTER (WHERE characteristic = 'nationality') AS nationality,
    max(status) FILTER (WHERE characteristic = 'nationality') AS nationality_status,
    max(value) FILTER (WHERE characteristic = 'language') AS language,
    max(status) FILTER (WHERE characteristic = 'language') AS language_status
FROM person_value
GROUP BY person_id;

INSERT INTO counted
WITH rule (characteristic, disagrees, unknown, missing) AS (
    VALUES
        ('ethnicity', 'ethnic_group_disagrees', 'ethnic_group_unknown', 'ethnic_group_missing'),
        ('religion', 'religion_disagrees', 'religion_unknown', 'religion_missing'),
        ('nationality', 'nationality_disagrees', 'nationality_unknown', 'nationality_missing'),
        ('language', 'language_disagrees', 'language_unknown', 'language_missing'),
        ('disability', 'disability_overrides_none', 'disability_unknown', 'disability_missing')
),
people AS (
    SELECT CASE left(person_id, 1) WHEN 'W' THEN 'Wales' ELSE 'England' END AS jurisdiction, count(*) AS people
    FROM person_in_case GROUP BY jurisdiction
),
value AS (
    SELECT person_id, characteristic, status FROM person_value
    UNION ALL
    SELECT person_id, 'disability',
        CASE
            WHEN types > 0 AND none_recorded THEN 'conflicting'
            WHEN types = 0 AND NOT none_recorded THEN 'unknown'
            ELSE 'known'
        END
    FROM person_disability
),
tally AS (
    SELECT
        CASE left(person_id, 1) WHEN 'W' THEN 'Wales' ELSE 'England' END AS jurisdiction,
        characteristic,
        count(*) AS recorded,
        count(*) FILTER (WHERE status = 'conflicting') AS conflicting,
        count(*) FILTER (WHERE status = 'unknown') AS unknown
    FROM value GROUP BY ALL
),
combined AS (
    SELECT
        rule.*,
        people.*,
        coalesce(tally.recorded, 0) AS n,
        coalesce(tally.conflicting, 0) AS n_conflicting,
        coalesce(tally.unknown, 0) AS n_unknown
    FROM rule CROSS JOIN people
    LEFT JOIN tally ON tally.characteristic = rule.characteristic AND tally.jurisdiction = people.jurisdiction
)
SELECT disagrees, jurisdiction, people, n_conflicting FROM combined
UNION ALL SELECT unknown, jurisdiction, people, n_unknown FROM combined
UNION ALL SELECT missing, jurisdiction, people, people - n FROM combined;
