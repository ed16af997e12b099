-- One row per human being who is on an application of a retained case.

INSERT INTO counted
SELECT 'person_not_on_application', jurisdiction, count(DISTINCT person_id),
    count(DISTINCT person_id) FILTER (WHERE person_id NOT IN (SELECT person_id FROM person_in_case))
FROM person_of_record GROUP BY jurisdiction;

-- Where records of one person disagree ECMS is preferred, because it was kept after CMS was closed;
-- two different sexes leave the sex unknown, as two different ethnic groups leave the group unclear.
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
    min(identity.linkage_field) AS linkage_field
FROM person_record AS record
JOIN person_of_record AS identity USING (record_id)
JOIN person_in_case USING (person_id)
GROUP BY identity.person_id, identity.jurisdiction;

-- A known group wins over an unknown one; two different known groups are unclear.
CREATE TABLE person_ethnicity AS
SELECT
    identity.person_id,
    min(ethnic.category) FILTER (WHERE ethnic.category <> 'Unknown') AS first_known,
    max(ethnic.category) FILTER (WHERE ethnic.category <> 'Unknown') AS last_known
FROM staged_ethnicity AS staged
JOIN ethnic_groups AS ethnic ON ethnic.plain_name = plain(staged.name)
JOIN person_of_record AS identity USING (record_id)
GROUP BY identity.person_id;

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
    CASE
        WHEN ethnicity.first_known <> ethnicity.last_known THEN 'Unclear'
        ELSE coalesce(ethnicity.first_known, 'Unknown')
    END AS ethnic_group,
    person.lsoa_code,
    area.DEPRIVATION_QUINTILE AS deprivation_quintile,
    CASE WHEN NOT death.is_before_birth THEN death.death_date END AS death_date,
    CASE WHEN person.linkage_field IS NULL THEN 0 ELSE 1 END AS is_linked
FROM person_fields AS person
LEFT JOIN person_ethnicity AS ethnicity USING (person_id)
LEFT JOIN person_death AS death USING (person_id)
LEFT JOIN LSOA_DEPRIVATION AS area ON area.LSOA2011_CD = person.lsoa_code;

INSERT INTO counted
WITH person AS (
    SELECT fields.*, ethnicity.person_id IS NOT NULL AS has_ethnicity, ethnicity.first_known, ethnicity.last_known,
        coalesce(death.is_before_birth, false) AS dies_before_birth
    FROM person_fields AS fields
    LEFT JOIN person_ethnicity AS ethnicity USING (person_id)
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
SELECT 'ethnic_group_disagrees', jurisdiction, count(*), count(*) FILTER (WHERE first_known <> last_known)
FROM person GROUP BY jurisdiction
UNION ALL
SELECT 'ethnic_group_unknown', jurisdiction, count(*), count(*) FILTER (WHERE has_ethnicity AND first_known IS NULL)
FROM person GROUP BY jurisdiction
UNION ALL
SELECT 'ethnic_group_missing', jurisdiction, count(*), count(*) FILTER (WHERE NOT has_ethnicity)
FROM person GROUP BY jurisdiction
UNION ALL
SELECT 'death_before_birth', jurisdiction, count(*), count(*) FILTER (WHERE dies_before_birth)
FROM person GROUP BY jurisdiction
UNION ALL
SELECT 'people_ready', jurisdiction, count(*), 0
FROM person GROUP BY jurisdiction;
