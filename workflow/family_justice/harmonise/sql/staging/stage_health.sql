-- Health records of Wales -> one row per coded event, whatever service recorded it. Each contact of hospitals, emergency
-- departments and clinics is an event of its own besides its diagnoses, so that contacts without a diagnosis are there.

-- Read codes are five characters, padded with dots; a sixth and seventh name a synonym.
CREATE MACRO read_code(code) AS rpad(left(nullif(trim(code), ''), 5), 5, '.');

-- ICD-10: a letter, two digits, perhaps a fourth character. What hospitals write after that (point, X, -) is left out.
CREATE MACRO icd_code(code) AS
    nullif(regexp_extract(replace(upper(trim(code)), '.', ''), '^[A-Z][0-9][0-9][0-9]?'), '');

-- Status 99 is "no match": such a linkage field means nothing, nor does one without a status.
CREATE MACRO linked(field, status) AS CASE WHEN status <> '99' THEN field END;

CREATE VIEW staged_health AS
WITH stay AS (
    SELECT PROV_UNIT_CD, SPELL_NUM_E, linked(ALF_E, ALF_STS_CD) AS linkage_field, ADMIS_DT, ADMIS_MTHD_CD
    FROM PEDW_SPELL
),
episode AS (
    SELECT episode.PROV_UNIT_CD, episode.SPELL_NUM_E, episode.EPI_NUM, stay.linkage_field,
        episode.EPI_STR_DT, stay.ADMIS_DT
    FROM PEDW_EPISODE AS episode
    LEFT JOIN stay USING (PROV_UNIT_CD, SPELL_NUM_E)
),
hospital AS (
    SELECT 'icd_10' AS code_system, PROV_UNIT_CD, SPELL_NUM_E, EPI_NUM,
        coalesce(DIAG_CD_1234, DIAG_CD, DIAG_CD_123) AS written, icd_code(written) AS code
    FROM PEDW_DIAG
    UNION ALL
    SELECT 'opcs_4', PROV_UNIT_CD, SPELL_NUM_E, EPI_NUM, OPER_CD, replace(upper(trim(OPER_CD)), '.', '')
    FROM PEDW_OPER
),
appointment AS (
    SELECT *, linked(ALF_E, ALF_STS_CD) AS linkage_field FROM OPDW_OUTPATIENTS
)
SELECT
    'WLGP' AS system,
    'general_practice' AS source,
    linked(ALF_E, ALF_STS_CD) AS linkage_field,
    EVENT_DT AS event_date,
    EVENT_DT AS recorded_date,
    'read_v2' AS code_system,
    read_code(EVENT_CD) AS code,
    EVENT_CD AS written
FROM WLGP_GP_EVENT_CLEANSED
UNION ALL
SELECT 'PEDW', 'admission', linkage_field, ADMIS_DT, ADMIS_DT, 'admission_method', coalesce(ADMIS_MTHD_CD, 'none'), ''
FROM stay
UNION ALL
SELECT
    'PEDW', 'admission', episode.linkage_field, coalesce(episode.EPI_STR_DT, episode.ADMIS_DT), episode.EPI_STR_DT,
    hospital.code_system, hospital.code, hospital.written
FROM hospital
LEFT JOIN episode USING (PROV_UNIT_CD, SPELL_NUM_E, EPI_NUM)
UNION ALL
SELECT
    'EDDS', 'emergency', linked(ALF_E, ALF_STS_CD), ADMIN_ARR_DT, ADMIN_ARR_DT,
    'emergency_group', coalesce(ATTEND_GROUP, 'none'), ''
FROM EDDS_EDDS
UNION ALL
SELECT
    'EDDS', 'emergency', linked(ALF_E, ALF_STS_CD), ADMIN_ARR_DT, ADMIN_ARR_DT,
    'emergency_diagnosis', upper(trim(diagnosis)), diagnosis
FROM (SELECT *, unnest([DIAG_CD_1, DIAG_CD_2]) AS diagnosis FROM EDDS_EDDS)
WHERE diagnosis IS NOT NULL
UNION ALL
SELECT
    'OPDW', 'outpatient', linkage_field, ATTEND_DT, ATTEND_DT, 'outpatient_attendance', coalesce(ATTEND_CD, 'none'), ''
FROM appointment
UNION ALL
SELECT
    'OPDW', 'outpatient', appointment.linkage_field, appointment.ATTEND_DT, appointment.ATTEND_DT, 'icd_10',
    icd_code(diagnosis.DIAG_CD_123 || coalesce(diagnosis.DIAG_CD_4, '')),
    diagnosis.DIAG_CD_123 || coalesce(diagnosis.DIAG_CD_4, '')
FROM OPDW_OUTPATIENTS_DIAG AS diagnosis
LEFT JOIN appointment USING (PROV_UNIT_CD, CASE_REC_NUM_E, ATT_ID_E)
UNION ALL
SELECT
    'SMDS', 'substance_treatment', linked(ALF_E, ALF_STS_CD),
    coalesce(REFERRAL_DT, TREATMENT_START_DT), REFERRAL_DT, 'smds_substance', coalesce(PRIMARY_SUBSTANCE, 'none'), ''
FROM SMDS_TREATMENT_EPISODE;
