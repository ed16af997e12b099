-- Births: NCCHD first, the Maternity Indicators Dataset (MIDS) for what it lacks; the booking visit of the pregnancy.

-- A visit belongs to the birth that names its day, or, where none is named, to the mother's next birth within 42 weeks.
CREATE TABLE mids_child AS
SELECT
    row_number() OVER (
        ORDER BY MOTHER_ALF_E, BABY_BIRTH_DT, BIRTH_ORDER, CHILD_ALF_E, SERVICE_USER_WEIGHT_GRAMS, MAT_AGE, INITIAL_ASS_DT,
            LABOUR_ONSET_GEST_WEEKS, LABOUR_ONSET_FOETUS_NUM, BIRTH_OUTCOME_CD, MAT_SERVICE_USER_SMOKER_STS_CD,
            MOTHER_ALF_STS_CD, CHILD_ALF_STS_CD
    ) AS number,
    CASE WHEN MOTHER_ALF_STS_CD <> '99' THEN MOTHER_ALF_E END AS mother_field,
    CASE WHEN CHILD_ALF_STS_CD <> '99' THEN CHILD_ALF_E END AS child_field,
    *
FROM (SELECT DISTINCT * FROM MIDS_BIRTH);

CREATE TABLE mids_visit AS
SELECT child.number, visit.*
FROM mids_child AS child
JOIN (SELECT DISTINCT * FROM MIDS_INITIAL_ASSESSMENT WHERE MOTHER_ALF_STS_CD <> '99') AS visit
    ON visit.MOTHER_ALF_E = child.mother_field
    AND visit.INITIAL_ASS_DT BETWEEN child.BABY_BIRTH_DT - 42 * 7 AND child.BABY_BIRTH_DT + 6
    AND coalesce(child.INITIAL_ASS_DT = visit.INITIAL_ASS_DT, true)
QUALIFY row_number() OVER (
    PARTITION BY child.number
    ORDER BY visit.INITIAL_ASS_DT, visit.GEST_WEEKS, visit.SERVICE_USER_SMOKER_STS_CD,
        visit.SERVICE_USER_HAS_MENTAL_HEALTH_CONDITION_CD, visit.SERVICE_USER_PARITY_CD, visit.MAT_AGE_AT_ASS
) = 1;

INSERT INTO counted
SELECT 'birth_rows_read', 'NCCH', count(*), 0 FROM NCCH_CHILD_BIRTHS HAVING count(*) > 0
UNION ALL
SELECT 'birth_rows_read', 'MIDS', count(*), 0 FROM MIDS_BIRTH HAVING count(*) > 0
UNION ALL
SELECT 'birth_without_visit', 'MIDS', count(*), count(*) FILTER (WHERE number NOT IN (SELECT number FROM mids_visit))
FROM mids_child HAVING count(*) > 0;

-- One row per child: a child who stands twice in NCCHD is kept under the smaller identifier.
CREATE TABLE ncch_child AS
SELECT
    *,
    CASE WHEN ALF_STS_CD <> '99' THEN ALF_E END AS child_field,
    CASE WHEN MAT_ALF_STS_CD <> '99' AND MAT_ALF_E IS DISTINCT FROM ALF_E THEN MAT_ALF_E END AS mother_field
FROM NCCH_CHILD_BIRTHS
QUALIFY child_field IS NULL OR row_number() OVER (PARTITION BY child_field ORDER BY CHILD_ID_E) = 1;

INSERT INTO counted
SELECT 'birth_repeated', 'NCCH', count(*), count(*) - (SELECT count(*) FROM ncch_child)
FROM NCCH_CHILD_BIRTHS HAVING count(*) > 0
UNION ALL
SELECT 'birth_mother_is_child', 'NCCH', count(*), count(*) FILTER (WHERE MAT_ALF_E = ALF_E)
FROM ncch_child HAVING count(*) > 0;

-- A birth of both: one child, or, where either lacks the child's linkage field, the only one of the mother, week and order.
CREATE TABLE birth_in_both AS
WITH by_child AS (
    SELECT mids.number, ncch.CHILD_ID_E FROM mids_child AS mids JOIN ncch_child AS ncch USING (child_field)
)
SELECT number, CHILD_ID_E, false AS is_by_mother FROM by_child
UNION ALL
SELECT number, CHILD_ID_E, true
FROM (
    SELECT mids.number, ncch.CHILD_ID_E
    FROM mids_child AS mids
    JOIN ncch_child AS ncch
        ON ncch.mother_field = mids.mother_field
        AND ncch.WOB = mids.BABY_BIRTH_DT
        AND coalesce(ncch.BIRTH_ORDER = mids.BIRTH_ORDER, true)
    WHERE (mids.child_field IS NULL OR ncch.child_field IS NULL)
        AND mids.number NOT IN (SELECT number FROM by_child)
        AND ncch.CHILD_ID_E NOT IN (SELECT CHILD_ID_E FROM by_child)
    QUALIFY count(*) OVER (PARTITION BY mids.number) = 1 AND count(*) OVER (PARTITION BY ncch.CHILD_ID_E) = 1
);

CREATE TABLE birth_joined AS
SELECT
    CASE WHEN ncch.CHILD_ID_E IS NULL THEN 'M' || mids.number ELSE 'N' || ncch.CHILD_ID_E END AS birth_id,
    CASE
        WHEN mids.number IS NULL THEN 'NCCH' WHEN ncch.CHILD_ID_E IS NULL THEN 'MIDS' ELSE 'NCCH+MIDS'
    END AS recorded_in,
    coalesce(ncch.child_field, mids.child_field) AS child_field,
    coalesce(ncch.mother_field, mids.mother_field) AS mother_field,
    coalesce(ncch.WOB, mids.BABY_BIRTH_DT) AS recorded_week,
    CASE WHEN ncch.GNDR_CD IN ('M', '1') THEN 'male' WHEN ncch.GNDR_CD IN ('F', '2') THEN 'female' END AS sex,
    coalesce(ncch.MAT_AGE, mids.MAT_AGE) AS mother_age,
    coalesce(ncch.GEST_AGE, mids.LABOUR_ONSET_GEST_WEEKS) AS gestation_weeks,
    ncch.GEST_AGE IS NULL AND mids.LABOUR_ONSET_GEST_WEEKS IS NOT NULL AND ncch.CHILD_ID_E IS NOT NULL AS gestation_filled,
    CAST(round(coalesce(1000 * ncch.BIRTH_WEIGHT, mids.SERVICE_USER_WEIGHT_GRAMS)) AS BIGINT) AS birth_weight_grams,
    coalesce(ncch.BIRTH_ORDER, mids.BIRTH_ORDER) AS birth_order,
    CASE WHEN coalesce(ncch.TOT_BIRTH_NUM, mids.LABOUR_ONSET_FOETUS_NUM) > 1 THEN 1
        WHEN coalesce(ncch.TOT_BIRTH_NUM, mids.LABOUR_ONSET_FOETUS_NUM) = 1 THEN 0 END AS is_multiple,
    coalesce(ncch.STILLBIRTH_FLG, CASE mids.BIRTH_OUTCOME_CD WHEN '2' THEN 1 WHEN '1' THEN 0 END) AS is_stillbirth,
    ncch.PREV_LIVE_BIRTHS AS previous_live_births,
    ncch.BREASTFEED_BIRTH_FLG AS is_breastfed_at_birth,
    CASE
        WHEN visit.SERVICE_USER_SMOKER_STS_CD = '1' OR mids.MAT_SERVICE_USER_SMOKER_STS_CD = '1' THEN 1
        WHEN visit.SERVICE_USER_SMOKER_STS_CD = '2' OR mids.MAT_SERVICE_USER_SMOKER_STS_CD = '2' THEN 0
        WHEN ncch.MAT_SMOKING_CD IN ('2', '3', '4', '6') THEN 1
        WHEN ncch.MAT_SMOKING_CD IN ('0', '1') THEN 0
    END AS smoked_in_pregnancy,
    CASE visit.SERVICE_USER_HAS_MENTAL_HEALTH_CONDITION_CD WHEN '1' THEN 1 WHEN '2' THEN 0 END AS had_mental_health_condition,
    visit.INITIAL_ASS_DT AS first_antenatal_date,
    visit.GEST_WEEKS AS first_antenatal_weeks
FROM ncch_child AS ncch
LEFT JOIN birth_in_both AS matched ON matched.CHILD_ID_E = ncch.CHILD_ID_E
FULL JOIN mids_child AS mids ON mids.number = matched.number
LEFT JOIN mids_visit AS visit ON visit.number = mids.number
QUALIFY row_number() OVER (PARTITION BY birth_id ORDER BY mids.number) = 1;

CREATE TABLE ready_birth AS
SELECT
    born.* EXCLUDE (child_field, mother_field, recorded_week, gestation_filled),
    child.resident_id AS child_id,
    mother.resident_id AS mother_id,
    coalesce(child.week_of_birth, born.recorded_week) AS week_of_birth
FROM birth_joined AS born
LEFT JOIN child_by_field AS child ON child.linkage_field = born.child_field
LEFT JOIN child_by_field AS mother ON mother.linkage_field = born.mother_field
WHERE coalesce(child.week_of_birth, born.recorded_week) IS NOT NULL;

INSERT INTO counted
SELECT 'birth_matched_by_mother', 'MIDS', count(*), (SELECT count(*) FROM birth_in_both WHERE is_by_mother)
FROM mids_child HAVING count(*) > 0
UNION ALL
SELECT 'birth_only_in_mids', 'MIDS', count(*), count(*) FILTER (WHERE recorded_in = 'MIDS')
FROM birth_joined WHERE recorded_in <> 'NCCH' HAVING count(*) > 0
UNION ALL
SELECT 'birth_gestation_filled', 'NCCH', count(*), count(*) FILTER (WHERE gestation_filled)
FROM birth_joined WHERE recorded_in <> 'MIDS' HAVING count(*) > 0
UNION ALL
SELECT 'birth_week_of_birth', 'NCCH', count(*), count(*) FILTER (WHERE child.week_of_birth <> born.recorded_week)
FROM birth_joined AS born LEFT JOIN child_by_field AS child ON child.linkage_field = born.child_field HAVING count(*) > 0
UNION ALL
SELECT 'birth_undated', 'NCCH', count(*), count(*) - (SELECT count(*) FROM ready_birth) FROM birth_joined HAVING count(*) > 0
UNION ALL
SELECT 'birth_without_mother', 'NCCH', count(*), count(*) FILTER (WHERE mother_id IS NULL) FROM ready_birth HAVING count(*) > 0
UNION ALL
SELECT 'births_ready', 'NCCH', count(*), 0 FROM ready_birth HAVING count(*) > 0;
