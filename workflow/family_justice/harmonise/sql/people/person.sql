-- One row per human being who is on an application of a retained case.

INSERT INTO counted
SELECT 'person_not_on_application', jurisdiction, count(DISTINCT person_id),
    count(DISTINCT person_id) FILTER (WHERE person_id NOT IN (SELECT person_id FROM person_in_case))
FROM person_of_record GROUP BY jurisdiction;

-- Where records of one person disagree ECMS is preferred, because it was kept after CMS was closed;
-- two different sexes leave the sex unknown.
CREATE TABLE person_fields AS
SELECT
    identity.person_id,
    identity.jurisdiction,
    CASE WHEN min(record.sex) = max(record.sex) THEN min(record.sex) END AS sex,
    min(record.sex) <> max(record.sex) AS sex_disagrees,
    coalesce(min(record.week_of_birth) FILTER (WHERE record.system = 'ECMS'), min(record.week_of_birth)) AS week_of_birth,
    min(record.week_of_birth) <> max(record.week_of_birth) AS week_disagrees,
    coalesce(min(record.lsoa_code) FILTER (WHERE record.system = 'ECMS'), min(record.lsoa_code)) AS lsoa_code,
    min(record.lsoa_code) <> max(record.lsoa_code) AS area_disagrees,
    min(identity.linkage_field) AS linkage_field,
    min(record.linkage_rank) AS linkage_rank,
    max(record.linkage_percent) AS linkage_percent
FROM person_record AS record
JOIN person_of_record AS identity USING (record_id)
JOIN person_in_case USING (person_id)
GROUP BY identity.person_id, identity.jurisdiction;

-- A death before the week of birth belongs to somebody else.
CREATE TABLE person_death AS
SELECT
    person.person_id,
    min(death.DEATH_DT) AS death_date,
    coalesce(min(death.DEATH_DT) < min(person.week_of_birth), false) AS is_before_birth
FROM person_fields AS person
JOIN ADDE_DEATHS AS death ON death.ALF_E = person.linkage_field
GROUP BY person.person_id;

CREATE TABLE ready_person AS
SELECT
    person.person_id,
    person.sex,
    person.week_of_birth,
    coalesce(value.ethnic_group, 'Unknown') AS ethnic_group,
    coalesce(value.ethnicity_status, 'not_recorded') AS ethnicity_status,
    coalesce(value.religion, 'Unknown') AS religion,
    coalesce(value.religion_status, 'not_recorded') AS religion_status,
    coalesce(value.nationality, 'Unknown') AS nationality,
    coalesce(value.nationality_status, 'not_recorded') AS nationality_status,
    coalesce(value.language, 'Unknown') AS language,
    coalesce(value.language_status, 'not_recorded') AS language_status,
    CASE WHEN disability.types > 0 THEN 'Yes' WHEN disability.none_recorded THEN 'No' ELSE 'Unknown' END AS disability,
    CASE
        WHEN disability.types > 0 OR disability.none_recorded THEN 'known'
        WHEN disability.person_id IS NOT NULL THEN 'unknown'
        ELSE 'not_recorded'
    END AS disability_status,
    disability.learning AS disability_learning,
    disability.mental_health AS disability_mental_health,
    disability.physical AS disability_physical,
    disability.sensory AS disability_sensory,
    disability.other AS disability_other,
    person.lsoa_code,
    area.DEPRIVATION_QUINTILE AS deprivation_quintile,
    CASE WHEN NOT death.is_before_birth THEN death.death_date END AS death_date,
    CASE WHEN person.linkage_field IS NULL THEN 0 ELSE 1 END AS is_linked,
    -- A rank without a linkage field: there was one, and it was not used.
    CASE
        WHEN person.linkage_field IS NOT NULL THEN linkage_statuses()[person.linkage_rank]
        WHEN person.linkage_rank IS NOT NULL THEN 'set_aside'
        ELSE 'not_linked'
    END AS linkage_status,
    CASE WHEN person.linkage_field IS NOT NULL THEN person.linkage_percent END AS linkage_percent
FROM person_fields AS person
LEFT JOIN person_characteristics AS value USING (person_id)
LEFT JOIN person_disability AS disability USING (person_id)
LEFT JOIN person_death AS death USING (person_id)
LEFT JOIN LSOA_DEPRIVATION AS area ON area.LSOA2011_CD = person.lsoa_code;

INSERT INTO counted
WITH person AS (
    SELECT fields.*, coalesce(death.is_before_birth, false) AS dies_before_birth
    FROM person_fields AS fields
    LEFT JOIN person_death AS death USING (person_id)
)
SELECT 'sex_disagrees', jurisdiction, count(*), count(*) FILTER (WHERE sex_disagrees)
FROM person GROUP BY jurisdiction
UNION ALL
SELECT 'week_of_birth_disagrees', jurisdiction, count(*), count(*) FILTER (WHERE week_disagrees)
FROM person GROUP BY jurisdiction
UNION ALL
SELECT 'area_disagrees', jurisdiction, count(*), count(*) FILTER (WHERE area_disagrees)
FROM person GROUP BY jurisdiction
UNION ALL
SELECT 'linkage_fuzzy', jurisdiction, count(*),
    count(*) FILTER (WHERE linkage_field IS NOT NULL AND linkage_statuses()[linkage_rank] = 'fuzzy')
FROM person GROUP BY jurisdiction
UNION ALL
SELECT 'death_before_birth', jurisdiction, count(*), count(*) FILTER (WHERE dies_before_birth)
FROM person GROUP BY jurisdiction
UNION ALL
SELECT 'people_ready', jurisdiction, count(*), 0
FROM person GROUP BY jurisdiction;
