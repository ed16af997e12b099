-- Cafcass Cymru -> common layout. Only names and codes are translated here; rules common to all systems follow.

CREATE TABLE cymru_person AS SELECT DISTINCT * FROM CAFCASS_ALF;

INSERT INTO counted
SELECT 'person_rows_read', 'Cymru', count(*), 0 FROM CAFCASS_ALF
UNION ALL
SELECT 'full_duplicate_people', 'Cymru', count(*), count(*) - (SELECT count(*) FROM cymru_person) FROM CAFCASS_ALF;

-- Status 99 is "no match": such a linkage field means nothing, nor does one without a status.
INSERT INTO staged_person
SELECT
    'Cymru',
    'Wales',
    'W' || SYSTEM_ID_E,
    SYSTEM_ID_E,
    CASE GNDR_CD WHEN 1 THEN 'male' WHEN 2 THEN 'female' END,
    WOB,
    CASE WHEN ALF_STS_CD <> '99' THEN ALF_E END,
    -- The meaning of 1, 4, 35 and 39 is an assumption.
    CASE
        WHEN ALF_E IS NULL OR ALF_STS_CD = '99' OR ALF_STS_CD IS NULL THEN NULL
        WHEN ALF_STS_CD = '1' THEN 1
        WHEN ALF_STS_CD = '4' THEN 2
        WHEN ALF_STS_CD IN ('35', '39') THEN 3
        ELSE 4
    END,
    CASE WHEN ALF_STS_CD <> '99' AND ALF_E IS NOT NULL THEN round(100 * ALF_MTCH_PCT, 1) END,
    LSOA2011_CD,
    NULL
FROM cymru_person;

INSERT INTO counted
SELECT 'linkage_field_without_status', 'Cymru', count(*), count(*) FILTER (WHERE ALF_E IS NOT NULL AND ALF_STS_CD IS NULL)
FROM cymru_person
UNION ALL
SELECT 'linkage_field_of_no_match', 'Cymru', count(*), count(*) FILTER (WHERE ALF_STS_CD = '99')
FROM cymru_person WHERE ALF_E IS NOT NULL;

INSERT INTO staged_characteristic
SELECT DISTINCT 'Cymru', 'ethnicity', 'W' || SYSTEM_ID_E, NULL, ETHNIC_ORIGIN FROM cymru_person WHERE ETHNIC_ORIGIN IS NOT NULL;

-- The law type stands on the applications; a case with any public-law application is a public-law case.
INSERT INTO staged_case
WITH law AS (
    SELECT
        CAP_INCIDENTID_E,
        CASE
            WHEN bool_or(CAP_LAWTYPENAME = 'Public') THEN 'public'
            WHEN bool_or(CAP_LAWTYPENAME = 'Private') THEN 'private'
        END AS law_type
    FROM CAFCASS_APPLICATION
    GROUP BY CAP_INCIDENTID_E
)
SELECT
    'Cymru',
    'Wales',
    'W' || incident.CAP_INCIDENTID_E,
    law.law_type,
    CASE WHEN incident.CAP_DATECLOSED IS NULL THEN 0 ELSE 1 END,
    area.la_code,
    NULL,
    NULL,
    incident.CAP_DATECLOSED,
    NULL
FROM CAFCASS_INCIDENT AS incident
LEFT JOIN law USING (CAP_INCIDENTID_E)
LEFT JOIN authority_word AS area ON area.word = plain(incident.CAP_LOCALAUTHORITYCODE);

INSERT INTO understood
SELECT 'CAFCASS_INCIDENT.CAP_LOCALAUTHORITYCODE', count(CAP_LOCALAUTHORITYCODE),
    count(*) FILTER (WHERE CAP_LOCALAUTHORITYCODE IS NOT NULL AND area.word IS NULL), []  -- words of records are not shown
FROM CAFCASS_INCIDENT
LEFT JOIN authority_word AS area ON area.word = plain(CAP_LOCALAUTHORITYCODE);

-- Courts stand on hearings: an application has the court of the first hearing of its case.
INSERT INTO staged_application
WITH court AS (
    SELECT CAP_CASEID_E, first(CAP_COURTIDNAME ORDER BY CAP_HEARINGDATETIME NULLS LAST, CAP_HEARINGID_E) AS name
    FROM CAFCASS_HEARING
    WHERE CAP_COURTIDNAME IS NOT NULL
    GROUP BY CAP_CASEID_E
)
SELECT
    'Cymru',
    'W' || CAP_APPLICATIONID_E,
    CAP_APPLICATIONID_E,
    'W' || CAP_INCIDENTID_E,
    CAP_PRIMARYAPPLICATIONTYPENAME,
    CAP_ISSUEDATE,
    CAP_RECEIPTDATE,
    CAP_DATEOFCOMPLETION,
    court.name,
    NULL,
    'Wales',
    NULL
FROM CAFCASS_APPLICATION
LEFT JOIN court ON court.CAP_CASEID_E = CAP_INCIDENTID_E;

INSERT INTO counted SELECT 'member_rows_read', 'Cymru', count(*), 0 FROM CAFCASS_APPLICATIONSERVICEUSERS;

INSERT INTO staged_member
SELECT
    'Cymru',
    'W' || RECORD1ID_E,
    'W' || RECORD2ID_E,
    CASE RECORD2ROLEIDNAME
        WHEN 'Subject' THEN 'subject' WHEN 'Respondent' THEN 'respondent'
        WHEN 'Applicant' THEN 'applicant' WHEN 'Other' THEN 'other'
    END
FROM CAFCASS_APPLICATIONSERVICEUSERS;

-- The first person is the parent, the second the child; a relationship may be recorded from the other side alone.
INSERT INTO staged_parent
SELECT 'Cymru', 'W' || RECORD2ID_E, 'W' || RECORD1ID_E
FROM CAFCASS_RELATIONSHIPS
WHERE RECORD1ROLEIDNAME = 'Parent' AND RECORD2ROLEIDNAME = 'Child'
UNION ALL
SELECT DISTINCT 'Cymru', 'W' || RECORD1ID_E, 'W' || RECORD2ID_E
FROM CAFCASS_RELATIONSHIPS AS reverse
WHERE RECORD1ROLEIDNAME = 'Child' AND RECORD2ROLEIDNAME = 'Parent' AND NOT EXISTS (
    SELECT 1 FROM CAFCASS_RELATIONSHIPS AS forward
    WHERE forward.RECORD1ID_E = reverse.RECORD2ID_E AND forward.RECORD2ID_E = reverse.RECORD1ID_E
        AND forward.RECORD1ROLEIDNAME = 'Parent' AND forward.RECORD2ROLEIDNAME = 'Child'
);

-- Cymru does not say of which kind a sibling is; a child of its parent is the same relationship from the other side.
INSERT INTO staged_relative
SELECT
    'Cymru',
    'W' || RECORD2ID_E,
    'W' || RECORD1ID_E,
    CASE RECORD1ROLEIDNAME
        WHEN 'Sibling' THEN 'sibling' WHEN 'Grandparent' THEN 'grandparent' WHEN 'Step-parent' THEN 'step_parent'
        WHEN 'Carer' THEN 'carer' ELSE 'extended_family'
    END
FROM CAFCASS_RELATIONSHIPS
WHERE RECORD1ROLEIDNAME IS NOT NULL
    AND NOT (RECORD1ROLEIDNAME = 'Parent' AND RECORD2ROLEIDNAME IS NOT DISTINCT FROM 'Child')
    AND RECORD1ROLEIDNAME <> 'Child';

INSERT INTO counted SELECT 'relationship_rows_read', 'Cymru', count(*), 0 FROM CAFCASS_RELATIONSHIPS;

INSERT INTO staged_hearing
SELECT 'Cymru', 'W' || CAP_CASEID_E, CAST(CAP_HEARINGDATETIME AS DATE), CAP_COURTIDNAME FROM CAFCASS_HEARING;

-- Outcomes hang on a hearing, which gives the day, and on one or more applications, which give the children.
CREATE TABLE cymru_output AS
SELECT
    'W' || application.CAP_INCIDENTID_E AS case_id,
    'W' || link.CAP_APPLICATIONID_E AS application_id,
    outcome.CAP_HEARINGOUTCOMETYPEIDNAME AS type_name,
    outcome.CAP_HEARINGID_E AS hearing_id,
    CAST(hearing.CAP_HEARINGDATETIME AS DATE) AS hearing_date,
    CASE outcome.CAP_HEARINGOUTCOMEFINALNAME WHEN 'Yes' THEN 1 WHEN 'No' THEN 0 END AS is_final
FROM CAFCASS_HEARINGOUTCOME AS outcome
JOIN CAFCASS_HEARINGOUTCOMEAPPLICATION AS link USING (CAP_HEARINGOUTCOMEID_E)
LEFT JOIN CAFCASS_HEARING AS hearing ON hearing.CAP_HEARINGID_E = outcome.CAP_HEARINGID_E
LEFT JOIN CAFCASS_APPLICATION AS application ON application.CAP_APPLICATIONID_E = link.CAP_APPLICATIONID_E;

-- The row identifier of the outcome was left out above, so that DISTINCT removes duplicates.
INSERT INTO staged_output
SELECT 'Cymru', case_id, application_id, NULL, type_name, hearing_date, hearing_date, is_final, 0, 'application'
FROM (SELECT DISTINCT * FROM cymru_output);

INSERT INTO counted
SELECT 'output_rows_read', 'Cymru', count(*), 0 FROM cymru_output
UNION ALL
SELECT
    'duplicate_output', 'Cymru', count(*),
    count(*) - (SELECT count(*) FROM staged_output WHERE system = 'Cymru')
FROM cymru_output
UNION ALL
SELECT
    'output_without_application', 'Cymru', count(*),
    count(*) FILTER (WHERE CAP_HEARINGOUTCOMEID_E NOT IN (
        SELECT CAP_HEARINGOUTCOMEID_E FROM CAFCASS_HEARINGOUTCOMEAPPLICATION
        WHERE CAP_HEARINGOUTCOMEID_E IS NOT NULL
    ))
FROM CAFCASS_HEARINGOUTCOME;
