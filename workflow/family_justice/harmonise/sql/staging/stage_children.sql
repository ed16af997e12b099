-- Looked-after children, children in need, births and schools in Wales -> common layout: names and codes only.
-- Identifiers of social care are good within one local authority only; codes occur in upper and lower case.

CREATE TABLE staged_care_child AS
WITH linked AS (
    SELECT DISTINCT SYSTEM_ID_E, LOCAL_AUTHORITY_CODE, ALF_E, ALF_STS_CD, GNDR_CD, WOB FROM LACW_PUPIL_ALF
)
SELECT
    'LACW' AS system,
    SYSTEM_ID_E || '_' || LOCAL_AUTHORITY_CODE AS care_id,
    CASE WHEN ALF_STS_CD <> '99' THEN ALF_E END AS linkage_field,
    CASE GNDR_CD WHEN 1 THEN 'male' WHEN 2 THEN 'female' END AS sex,
    WOB AS week_of_birth
FROM linked
UNION ALL
SELECT DISTINCT
    'CIN',
    CHILD_CODE_E || '_' || LOCAL_AUTHORITY_CODE,
    CASE WHEN ALF_STS_CD <> '99' THEN ALF_E END,
    CASE GNDR_CD WHEN 1 THEN 'male' WHEN 2 THEN 'female' END,
    WOB
FROM CINW_PUPIL_ALF
UNION ALL
SELECT DISTINCT
    'CRCS',
    CHILD_CODE_E || '_' || LOCAL_AUTHORITY_CODE,
    CASE WHEN ALF_STS_CD <> '99' THEN ALF_E END,
    CASE GNDR_CD WHEN 1 THEN 'male' WHEN 2 THEN 'female' END,
    WOB
FROM CRCS_PUPIL_ALF;

INSERT INTO counted
SELECT 'care_child_rows_read', 'LACW', count(*), 0 FROM LACW_PUPIL_ALF HAVING count(*) > 0
UNION ALL
SELECT
    'duplicate_care_child', 'LACW', count(*),
    count(*) - (SELECT count(*) FROM staged_care_child WHERE system = 'LACW')
FROM LACW_PUPIL_ALF HAVING count(*) > 0;

CREATE TABLE staged_care_episode AS
SELECT
    'LACW' AS system,
    SYSTEM_ID_E || '_' || LOCAL_AUTHORITY_CODE AS care_id,
    CAST(LOCAL_AUTHORITY_CODE AS VARCHAR) AS authority,
    YEAR_CODE // 100 AS census_year,
    EPISODE_START_DATE AS episode_start,
    EPISODE_END_DATE AS episode_end,
    upper(trim(REASON_EPISODE_STARTED_CODE)) AS start_code,
    upper(trim(REASON_EPISODE_FINISHED_CODE)) AS end_code,
    upper(trim(LEGAL_STATUS_CODE)) AS status_code,
    upper(trim(PLACEMENT_TYPE_CODE)) AS placement_code,
    upper(trim(CATEGORY_OF_NEED_CODE)) AS need_code
FROM LACW_EPISODE_MAIN;

CREATE TABLE staged_care_need AS
SELECT DISTINCT 'LACW' AS system, need_code AS code FROM staged_care_episode
UNION ALL
SELECT DISTINCT 'CIN', upper(trim(CATEGORY_OF_NEED_CODE)) FROM CINW_MAIN
UNION ALL
SELECT DISTINCT 'CRCS', upper(trim(CATEGORY_OF_NEED_CODE)) FROM CRCS_MAIN_CRCS;

CREATE TABLE staged_child_ethnicity AS
SELECT
    'LACW' AS system,
    SYSTEM_ID_E || '_' || LOCAL_AUTHORITY_CODE AS child,
    YEAR_CODE // 100 AS year,
    upper(trim(ETHNICITY)) AS code
FROM LACW_CHILD_MAIN
UNION ALL
SELECT 'CIN', CHILD_CODE_E || '_' || LOCAL_AUTHORITY_CODE, YEAR_CODE // 100, upper(trim(ETHNIC_ORIGIN_CODE)) FROM CINW_MAIN
UNION ALL
SELECT 'CRCS', CHILD_CODE_E || '_' || LOCAL_AUTHORITY_CODE, YEAR_CODE // 100, upper(trim(ETHNIC_ORIGIN_CODE)) FROM CRCS_MAIN_CRCS
UNION ALL
SELECT 'EDUW', CAST(IRN_E AS VARCHAR), YEAR // 100, upper(trim(ETHNICITY)) FROM EDUW_PUPIL;

CREATE TABLE staged_authority AS
SELECT DISTINCT 'LACW' AS system, CAST(LOCAL_AUTHORITY_CODE AS VARCHAR) AS code FROM LACW_CHILD_MAIN
UNION ALL
SELECT DISTINCT 'CIN', CAST(LOCAL_AUTHORITY_CODE AS VARCHAR) FROM CINW_MAIN
UNION ALL
SELECT DISTINCT 'CRCS', CAST(LOCAL_AUTHORITY_CODE AS VARCHAR) FROM CRCS_MAIN_CRCS;

CREATE TABLE staged_care_number AS
SELECT SYSTEM_ID_E || '_' || LOCAL_AUTHORITY_CODE AS care_id, CAST(IRN_E AS VARCHAR) AS pupil_number
FROM LACW_CHILD_MAIN
WHERE IRN_E IS NOT NULL;

CREATE TABLE staged_pupil AS
SELECT DISTINCT
    CAST(IRN_E AS VARCHAR) AS pupil_number,
    CASE WHEN ALF_STS_CD <> '99' THEN ALF_E END AS linkage_field,
    CASE GNDR_CD WHEN 1 THEN 'male' WHEN 2 THEN 'female' END AS sex,
    WOB AS week_of_birth
FROM EDUW_PUPIL_ALF;
