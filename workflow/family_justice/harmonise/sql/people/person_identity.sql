-- Which records are one human being.
--
-- 1. Records with one identifier (England: CMS and ECMS share them; a person carried over keeps the CMS identifier).
-- 2. Identifiers with one linkage field (ALF), unless sex or week of birth say that the linkage is wrong.
-- People are not joined across England and Wales: each is researched within its own jurisdiction.

-- Repair the week of birth first: two records may differ by nothing but a typo.
-- A child may be on an application before birth, so the latest possible birth is 42 weeks after the end of the data.
CREATE TABLE person_record AS
WITH repaired AS (
    SELECT
        *,
        coalesce(century_repaired(week_of_birth), week_of_birth) AS repaired_week,
        CASE jurisdiction WHEN 'England' THEN getvariable('end_of_data_england') ELSE getvariable('end_of_data_wales') END
            + 42 * 7 AS latest_birth
    FROM staged_person
)
SELECT
    * EXCLUDE (week_of_birth, repaired_week, latest_birth),
    repaired_week IS DISTINCT FROM week_of_birth AS had_century_typo,
    repaired_week NOT BETWEEN getvariable('earliest_birth') AND latest_birth AS was_impossible,
    CASE WHEN repaired_week BETWEEN getvariable('earliest_birth') AND latest_birth THEN repaired_week END AS week_of_birth
FROM repaired;

INSERT INTO counted
SELECT 'century_typo', system, count(*), count(*) FILTER (WHERE had_century_typo)
FROM person_record GROUP BY system
UNION ALL
SELECT 'impossible_week_of_birth', system, count(*), count(*) FILTER (WHERE was_impossible)
FROM person_record GROUP BY system;

-- One row per identifier. An identifier with two different linkage fields is linked to nobody.
CREATE TABLE identifier AS
SELECT
    record_id,
    min(jurisdiction) AS jurisdiction,
    min(record_number) AS record_number,
    CASE WHEN min(linkage_field) = max(linkage_field) THEN min(linkage_field) END AS linkage_field,
    min(linkage_field) <> max(linkage_field) AS has_several_linkage_fields,
    min(sex) AS min_sex,
    max(sex) AS max_sex,
    min(week_of_birth) AS min_week,
    max(week_of_birth) AS max_week,
    count(*) AS records
FROM person_record
GROUP BY record_id;

INSERT INTO counted
SELECT 'same_identifier', jurisdiction, sum(records)::BIGINT, (sum(records) - count(*))::BIGINT
FROM identifier GROUP BY jurisdiction
UNION ALL
SELECT 'several_linkage_fields', jurisdiction, count(*), count(*) FILTER (WHERE has_several_linkage_fields)
FROM identifier GROUP BY jurisdiction;

-- A linkage field shared by identifiers of different sex, or born too far apart, was given to the wrong person.
CREATE TABLE linkage_group AS
SELECT
    jurisdiction,
    linkage_field,
    min(record_number) AS smallest_number,
    count(*) > 1 AND (
        coalesce(min(min_sex) <> max(max_sex), false)
        OR coalesce(max(max_week) - min(min_week) > getvariable('max_birth_gap_days'), false)
    ) AS is_doubtful
FROM identifier
WHERE linkage_field IS NOT NULL
GROUP BY jurisdiction, linkage_field;

-- The person takes the smallest of the identifiers that were joined.
CREATE TABLE person_of_record AS
SELECT
    identifier.record_id,
    identifier.jurisdiction,
    CASE
        WHEN linked.is_doubtful IS NOT DISTINCT FROM false AND getvariable('join_by_linkage_field')
            THEN left(identifier.record_id, 1) || linked.smallest_number
        ELSE identifier.record_id
    END AS person_id,
    CASE WHEN linked.is_doubtful IS NOT DISTINCT FROM false THEN identifier.linkage_field END AS linkage_field,
    coalesce(linked.is_doubtful, false) AS is_doubtful
FROM identifier
LEFT JOIN linkage_group AS linked USING (jurisdiction, linkage_field);

INSERT INTO counted
SELECT 'doubtful_linkage_field', jurisdiction, count(*), count(*) FILTER (WHERE is_doubtful)
FROM person_of_record GROUP BY jurisdiction
UNION ALL
SELECT 'same_linkage_field', jurisdiction, count(*), count(*) - count(DISTINCT person_id)
FROM person_of_record GROUP BY jurisdiction;

-- Everybody on an application of a retained case: one row per application, person and role.
CREATE TABLE member AS
SELECT DISTINCT
    member.system,
    application.case_id,
    member.application_id,
    person.person_id,
    member.role
FROM staged_member AS member
JOIN case_of_application AS application USING (application_id)
JOIN person_of_record AS person USING (record_id);

CREATE TABLE person_in_case AS SELECT DISTINCT person_id FROM member;

-- Which person is behind each identifier of each system.
CREATE TABLE ready_person_identifier AS
SELECT
    record.system,
    CAST(record.record_number AS VARCHAR) AS source_identifier,
    min(identity.person_id) AS person_id,
    min(identity.linkage_field) AS linkage_field,
    CASE WHEN min(record.family_court_field) = max(record.family_court_field) THEN min(record.family_court_field) END
        AS family_court_field,
    CASE WHEN min(identity.person_id) = record.record_id THEN 0 ELSE 1 END AS is_joined,
    max(CAST(record.had_century_typo AS INTEGER)) AS had_century_typo
FROM person_record AS record
JOIN person_of_record AS identity USING (record_id)
JOIN person_in_case ON person_in_case.person_id = identity.person_id
GROUP BY record.system, record.record_number, record.record_id;

INSERT INTO counted
SELECT 'several_family_court_fields', system, count(*), count(*) FILTER (WHERE several)
FROM (
    SELECT system, min(family_court_field) <> max(family_court_field) AS several
    FROM person_record WHERE family_court_field IS NOT NULL GROUP BY system, record_id
)
GROUP BY system;

INSERT INTO counted SELECT 'identifiers_ready', system, count(*), 0 FROM ready_person_identifier GROUP BY system;
