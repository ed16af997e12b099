-- Cafcass England CMS -> common layout. Only names and codes are translated here; rules common to all systems follow.

CREATE TABLE cms_person AS SELECT DISTINCT * FROM CAFE_CMS_TBLPERSON;

INSERT INTO counted
SELECT 'person_rows_read', 'CMS', count(*), 0 FROM CAFE_CMS_TBLPERSON
UNION ALL
SELECT 'full_duplicate_people', 'CMS', count(*), count(*) - (SELECT count(*) FROM cms_person) FROM CAFE_CMS_TBLPERSON;

INSERT INTO staged_person
SELECT 'CMS', 'England', 'E' || PERSONID_PE, PERSONID_PE, CASE GENDER WHEN 'Male' THEN 'male' WHEN 'Female' THEN 'female' END, WEEKOFBIRTH, ALF_PE, LSOA2011_CD
FROM cms_person;

INSERT INTO staged_ethnicity
SELECT DISTINCT 'CMS', 'E' || person.PERSONID_PE, ethnic.NAME
FROM cms_person AS person
JOIN CMS_TLKPETHNICORIGIN AS ethnic ON ethnic.ETHNICORIGINID = person.ETHNICREF;

INSERT INTO staged_case
SELECT
    'CMS',
    'England',
    'E' || cases.CASEID_PE,
    CASE cases.LAWTYPEREF WHEN 1 THEN 'public' WHEN 2 THEN 'private' END,
    CASE WHEN cases.CASESTATUSREF = 2 THEN 1 ELSE 0 END,
    area.LA_CODE
FROM CAFE_CMS_TBLCASE AS cases
LEFT JOIN CMS_TLKPLOCALAUTHORITY AS area ON area.LOCALAUTHORITYID = cases.LOCALAUTHORITYREF;

INSERT INTO staged_application
SELECT
    'CMS',
    'C' || application.CASEAPPLICATIONID_PE,
    application.CASEAPPLICATIONID_PE,
    'E' || application.CASEREF_PE,
    kind.NAME,
    application.DATEOFAPPLICATION,
    application.DATERECEIVED,
    -- the day on which the court was done, else the day on which Cafcass was
    coalesce(application.DATEAPPLICATIONCOMPLETED, application.DATECOMPLETED)
FROM CAFE_CMS_TBLCASEAPPLICATION AS application
LEFT JOIN CMS_TLKPCASEAPPLICATIONTYPE AS kind ON kind.CASEAPPLICATIONTYPEID = application.CASEAPPLICATIONTYPEREF;

-- Member type 16 sends the reader to the converted type; 8 is unknown.
INSERT INTO counted SELECT 'member_rows_read', 'CMS', count(*), 0 FROM CAFE_CMS_TBLCASEAPPLICATIONMEMBER;

INSERT INTO staged_member
SELECT
    'CMS',
    'C' || CASEAPPLICATIONREF_PE,
    'E' || MEMBERREF_PE,
    CASE CASE WHEN MEMBERTYPE = 16 THEN CONVERTEDTYPE ELSE MEMBERTYPE END
        WHEN 1 THEN 'applicant' WHEN 2 THEN 'respondent' WHEN 4 THEN 'subject'
    END
FROM CAFE_CMS_TBLCASEAPPLICATIONMEMBER;

-- CMS records relationships from child to parent only; step-parents and carers are not parents here.
INSERT INTO staged_parent
SELECT 'CMS', 'E' || link.CHILDREF_PE, 'E' || link.PARENTREF_PE
FROM CAFE_CMS_TBLCRSPERSONRELATIONSHIP AS link
JOIN CMS_TLKPCRSRELATIONSHIP AS kind ON kind.CRSRELATIONSHIPID = link.RELATIONSHIPREF
WHERE plain(kind.NAME) IN ('birth parent', 'parent');

INSERT INTO counted
SELECT 'relationship_rows_read', 'CMS', count(*), 0 FROM CAFE_CMS_TBLCRSPERSONRELATIONSHIP;

INSERT INTO staged_hearing
SELECT 'CMS', 'E' || CASEREF_PE, HEARINGDATE FROM CAFE_CMS_TBLCASEHEARING;

-- Legal outputs hang on the case. DISTINCT without the row identifier removes duplicates.
INSERT INTO staged_output
SELECT DISTINCT
    'CMS',
    'E' || output.CASEREF_PE,
    NULL,
    NULL,
    kind.NAME,
    output.LEGALORDERHEARINGDATE,
    hearing.HEARINGDATE,
    output.ISFINAL,
    0,
    'case'
FROM CAFE_CMS_TBLLEGALOUTPUT AS output
LEFT JOIN CMS_TLKPLEGALOUTPUTTYPE AS kind ON kind.LEGALOUTPUTTYPEID = output.LEGALOUTPUTTYPEREF
LEFT JOIN CAFE_CMS_TBLCASEHEARING AS hearing ON hearing.CASEHEARINGID_PE = output.CASEHEARINGREF_PE;

INSERT INTO counted
SELECT 'output_rows_read', 'CMS', count(*), 0 FROM CAFE_CMS_TBLLEGALOUTPUT
UNION ALL
SELECT
    'duplicate_output', 'CMS', count(*),
    count(*) - (SELECT count(*) FROM staged_output WHERE system = 'CMS')
FROM CAFE_CMS_TBLLEGALOUTPUT;
