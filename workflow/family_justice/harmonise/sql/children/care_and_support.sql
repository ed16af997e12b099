-- Children in need and children receiving care and support: one census after the other.

CREATE TABLE support_row AS
SELECT
    system,
    CHILD_CODE_E || '_' || LOCAL_AUTHORITY_CODE AS care_id,
    CAST(LOCAL_AUTHORITY_CODE AS VARCHAR) AS authority,
    make_date(YEAR_CODE // 100 + 1, 3, 31) AS census_date,
    LOOKED_AFTER_CHILD AS is_looked_after,
    CHILD_PROTECTION_REGISTER AS is_on_register,
    plain(CATEGORY_OF_NEED_CODE) AS need_code,
    greatest(
        DISABILITY_MOBILITY,
        DISABILITY_MANUAL_DEXTERITY,
        DISABILITY_PHYSICAL_COORDINATION,
        DISABILITY_CONTINENCE,
        DISABILITY_LIFT_CARRY_OBJECTS,
        DISABILITY_SPEECH_HEARING_EYE_SIGHT,
        DISABILITY_MEMORY,
        DISABILITY_PERCEPTION_RISK_DANGER
    ) AS any_disability,
    DISABILITY_NONE AS no_disability,
    PARENTING_CAPACITY_SUBSTANCE_ALCOHOL_MISUSE AS parental_substance_misuse,
    PARENTING_CAPACITY_LEARNING_DISABILITIES AS parental_learning_disability,
    PARENTING_CAPACITY_MENTAL_ILL_HEALTH AS parental_mental_ill_health,
    PARENTING_CAPACITY_PHYSICAL_ILL_HEALTH AS parental_physical_ill_health,
    PARENTING_CAPACITY_DOMESTIC_ABUSE AS domestic_abuse,
    CHILD_HEALTH_SURVEILLANCE_CHECKS AS has_health_checks,
    HEALTH_IMMUNISATIONS AS has_immunisations,
    HEALTH_MENTAL_HEALTH AS has_mental_health_problem
FROM (
    SELECT 'CIN' AS system, * FROM CINW_MAIN
    UNION ALL BY NAME
    SELECT 'CRCS' AS system, * FROM CRCS_MAIN_CRCS
);

CREATE TABLE support_child AS
WITH known AS (
    SELECT
        system,
        care_id,
        CASE WHEN min(linkage_field) = max(linkage_field) THEN min(linkage_field) END AS linkage_field,
        CASE WHEN min(sex) = max(sex) THEN min(sex) END AS sex,
        min(week_of_birth) AS recorded_week
    FROM staged_care_child
    WHERE system <> 'LACW'
    GROUP BY system, care_id
)
SELECT known.*, resident.resident_id, coalesce(resident.week_of_birth, known.recorded_week) AS week_of_birth
FROM known
LEFT JOIN child_by_field AS resident USING (linkage_field);

-- A disability that is named counts, whatever the column for none says.
CREATE TABLE ready_care_and_support AS
SELECT
    row.care_id AS care_and_support_id,
    row.census_date,
    row.system,
    child.resident_id,
    child.sex,
    child.week_of_birth,
    coalesce(ethnicity.ethnic_group, 'Unknown') AS ethnic_group,
    area.local_authority,
    row.is_looked_after,
    row.is_on_register,
    need.category AS need,
    CASE WHEN row.any_disability = 1 THEN 1 WHEN row.no_disability = 1 OR row.any_disability = 0 THEN 0 END AS is_disabled,
    row.parental_substance_misuse,
    row.parental_learning_disability,
    row.parental_mental_ill_health,
    row.parental_physical_ill_health,
    row.domestic_abuse,
    row.has_health_checks,
    row.has_immunisations,
    row.has_mental_health_problem
FROM support_row AS row
LEFT JOIN support_child AS child USING (system, care_id)
LEFT JOIN child_ethnicity AS ethnicity ON ethnicity.system = row.system AND ethnicity.child = row.care_id
LEFT JOIN child_authority AS area ON area.code = row.authority
LEFT JOIN categories_of_need AS need ON need.plain_name = row.need_code;

INSERT INTO counted
SELECT 'support_rows_read', system, count(*), 0 FROM support_row GROUP BY system
UNION ALL
SELECT 'support_not_linked', system, count(*), count(*) FILTER (WHERE resident_id IS NULL) FROM ready_care_and_support GROUP BY system
UNION ALL
SELECT 'support_disability_contradicted', system, count(*), count(*) FILTER (WHERE any_disability = 1 AND no_disability = 1)
FROM support_row GROUP BY system
UNION ALL
SELECT 'support_week_of_birth', system, count(*), count(*) FILTER (WHERE week_of_birth <> recorded_week) FROM support_child GROUP BY system
UNION ALL
SELECT 'support_ready', system, count(*), 0 FROM ready_care_and_support GROUP BY system;
