-- Cafcass England ECMS -> common layout. Only names and codes are translated here; rules common to all systems follow.

CREATE TABLE ecms_person AS SELECT DISTINCT * FROM CAFE_ECMS_PEOPLE;

INSERT INTO counted
SELECT 'person_rows_read', 'ECMS', count(*), 0 FROM CAFE_ECMS_PEOPLE
UNION ALL
SELECT 'full_duplicate_people', 'ECMS', count(*), count(*) - (SELECT count(*) FROM ecms_person) FROM CAFE_ECMS_PEOPLE;

INSERT INTO staged_person
SELECT 'ECMS', 'England', 'E' || ID_PE, ID_PE,
    CASE GENDER WHEN 'Male' THEN 'male' WHEN 'Female' THEN 'female' END,
    WEEKOFBIRTH, ALF_PE, CASE WHEN ALF_PE IS NOT NULL THEN 4 END, NULL, LSOA2011_CD
FROM ecms_person;

INSERT INTO staged_characteristic
SELECT DISTINCT 'ECMS', 'ethnicity', 'E' || record.PERSON_ID_PE, kind.NAME
FROM CAFE_ECMS_ETHNICITIES AS record
JOIN ECMS_ETHNICITYTYPES AS kind ON kind.ID = record.ETHNICITYTYPE_ID
UNION ALL
SELECT DISTINCT 'ECMS', 'religion', 'E' || record.PERSON_ID_PE, kind.NAME
FROM CAFE_ECMS_RELIGIONS AS record
JOIN ECMS_RELIGIONTYPES AS kind ON kind.ID = record.RELIGIONTYPE_ID
UNION ALL
SELECT DISTINCT 'ECMS', 'nationality', 'E' || record.PERSON_ID_PE, kind.NAME
FROM CAFE_ECMS_NATIONALITIES AS record
JOIN ECMS_NATIONALITYTYPES AS kind ON kind.ID = record.NATIONALITYTYPE_ID
UNION ALL
SELECT DISTINCT 'ECMS', 'language', 'E' || record.PERSON_ID_PE, kind.NAME
FROM CAFE_ECMS_LANGUAGES AS record
JOIN ECMS_LANGUAGETYPES AS kind ON kind.ID = record.LANGUAGETYPE_ID
UNION ALL
SELECT DISTINCT 'ECMS', 'disability', 'E' || record.PERSON_ID_PE, kind.NAME
FROM CAFE_ECMS_DISABILITIES AS record
JOIN ECMS_DISABILITYTYPES AS kind ON kind.ID = record.DISABILITYTYPE_ID;

-- The status is the last word on whether a case is over: a reopened case has a closure date and is open.
INSERT INTO staged_case
SELECT
    'ECMS',
    'England',
    'E' || cases.ID_PE,
    law_type_of(law.CAPTION),
    is_completed_of(status.NAME),
    area.LA_CODE,
    form.FORMNAME,
    cases.DATERECEIVED,
    cases.CLOSUREDATE,
    cases.REOPENDATE
FROM CAFE_ECMS_CASES AS cases
LEFT JOIN ECMS_LAWTYPES AS law ON law.ID = cases.LAWTYPE_ID
LEFT JOIN ECMS_CASESTATUS AS status ON status.ID = cases.CASESTATU_ID
LEFT JOIN ECMS_COURTFORMS AS form ON form.ID = cases.COURTFORM_ID
LEFT JOIN ECMS_LOCALAUTHORITIES AS area ON area.ID = cases.LOCALAUTHORITY_ID;

INSERT INTO staged_application
SELECT
    'ECMS',
    'E' || application.ID_PE,
    application.ID_PE,
    'E' || application.CASE_ID_PE,
    kind.NAME,
    application.DATEOFAPPLICATION,
    application.DATERECEIVED,
    -- the day on which the court was done, else the day on which Cafcass was
    coalesce(application.DATEAPPLICATIONCOMPLETED, application.DATECOMPLETED),
    court_at_level.COURTFULLNAME,
    court_level.NAME,
    circuit.NAME,
    dfj_area.NAME
FROM CAFE_ECMS_APPLICATIONS AS application
LEFT JOIN ECMS_APPLICATIONTYPES AS kind ON kind.ID = application.APPLICATIONTYPE1_ID
LEFT JOIN ECMS_COURTCOURTLEVELREFS AS court_at_level ON court_at_level.ID = application.COURTCOURTLEVELREF_ID
LEFT JOIN ECMS_COURTLEVELREFS AS court_level ON court_level.ID = court_at_level.COURTLEVELREF_ID
LEFT JOIN ECMS_COURTS AS court ON court.ID = court_at_level.COURT_ID
LEFT JOIN ECMS_CIRCUITREFS AS circuit ON circuit.ID = court.CIRCUITREF_ID
LEFT JOIN ECMS_DJAREAREFS AS dfj_area ON dfj_area.ID = court.DJAREAREF_ID;

-- Roles are flags: a person with two flags has two rows here, a person with none has one without a role.
INSERT INTO counted SELECT 'member_rows_read', 'ECMS', count(*), 0 FROM CAFE_ECMS_PERSONSONAPPLICATIONS;

INSERT INTO staged_member
WITH flags AS (
    SELECT
        'E' || APPLICATION_ID_PE AS application_id,
        'E' || PERSON_ID_PE AS record_id,
        coalesce(ISSUBJECT = 'true', false) AS is_subject,
        coalesce(ISRESPONDENT = 'true', false) AS is_respondent,
        coalesce(ISAPPLICANT = 'true', false) AS is_applicant,
        coalesce(ISOTHER = 'true', false) AS is_other
    FROM CAFE_ECMS_PERSONSONAPPLICATIONS
)
SELECT 'ECMS', application_id, record_id, 'subject' FROM flags WHERE is_subject
UNION ALL
SELECT 'ECMS', application_id, record_id, 'respondent' FROM flags WHERE is_respondent
UNION ALL
SELECT 'ECMS', application_id, record_id, 'applicant' FROM flags WHERE is_applicant
UNION ALL
SELECT 'ECMS', application_id, record_id, 'other' FROM flags WHERE is_other
UNION ALL
SELECT 'ECMS', application_id, record_id, NULL FROM flags
WHERE NOT (is_subject OR is_respondent OR is_applicant OR is_other);

-- ECMS records every relationship in both directions. Type 1 leads from the child to the parent; it is enough.
INSERT INTO staged_parent
SELECT 'ECMS', 'E' || PERSON_ID_PE, 'E' || RELATEDPERSON_ID_PE
FROM CAFE_ECMS_PERSONRELATIONSHIPS
WHERE RELATIONSHIPTYPE_ID = 1;

-- 2, 54, 61, 63 and 65 are 1, 53, 60, 62 and 64 from the other side. 9, 14 and 24 are no family, as in public code (fjs_data).
INSERT INTO staged_relative
SELECT
    'ECMS',
    'E' || PERSON_ID_PE,
    'E' || RELATEDPERSON_ID_PE,
    CASE
        WHEN RELATIONSHIPTYPE_ID IN (34, 35) THEN 'natural_sibling'
        WHEN RELATIONSHIPTYPE_ID IN (40, 41) THEN 'half_sibling'
        WHEN RELATIONSHIPTYPE_ID IN (51, 52) THEN 'step_sibling'
        WHEN RELATIONSHIPTYPE_ID = 53 THEN 'step_parent'
        WHEN RELATIONSHIPTYPE_ID = 60 THEN 'grandparent'
        WHEN RELATIONSHIPTYPE_ID = 64 THEN 'carer'
        WHEN RELATIONSHIPTYPE_ID IN (9, 14, 24) THEN 'no_family'
        ELSE 'extended_family'
    END
FROM CAFE_ECMS_PERSONRELATIONSHIPS
WHERE RELATIONSHIPTYPE_ID NOT IN (1, 2, 54, 61, 63, 65);

INSERT INTO counted
SELECT 'relationship_rows_read', 'ECMS', count(*), 0 FROM CAFE_ECMS_PERSONRELATIONSHIPS;

INSERT INTO staged_hearing
SELECT 'ECMS', 'E' || CASE_ID_PE, HEARINGDATE, NULL FROM CAFE_ECMS_HEARINGS;

-- Legal outputs hang on the child and the application. DISTINCT without the row identifier removes duplicates.
-- ECMS does not say which outputs are final: legal_orders.csv does, by type.
INSERT INTO staged_output
SELECT DISTINCT
    'ECMS',
    'E' || output.CASE_ID_PE,
    'E' || output.APPLICATION_ID_PE,
    'E' || output.PERSON_ID_PE,
    kind.NAME,
    output.DATEORDERED,
    CAST(NULL AS DATE),
    CAST(NULL AS INTEGER),
    CASE WHEN output.ISFPR164 = 'true' THEN 1 ELSE 0 END,
    'child'
FROM CAFE_ECMS_LEGALOUTPUTS AS output
LEFT JOIN ECMS_LEGALOUTPUTTYPES AS kind ON kind.ID = output.LEGALOUTPUTTYPE_ID;

INSERT INTO counted
SELECT 'output_rows_read', 'ECMS', count(*), 0 FROM CAFE_ECMS_LEGALOUTPUTS
UNION ALL
SELECT
    'duplicate_output', 'ECMS', count(*),
    count(*) - (SELECT count(*) FROM staged_output WHERE system = 'ECMS')
FROM CAFE_ECMS_LEGALOUTPUTS;
