-- Cafcass England CMS -> common layout. Only names and codes are translated here; rules common to all systems follow.

CREATE TABLE cms_person AS SELECT DISTINCT * FROM CAFE_CMS_TBLPERSON;

INSERT INTO counted
SELECT 'person_rows_read', 'CMS', count(*), 0 FROM CAFE_CMS_TBLPERSON
UNION ALL
SELECT 'full_duplicate_people', 'CMS', count(*), count(*) - (SELECT count(*) FROM cms_person) FROM CAFE_CMS_TBLPERSON;

INSERT INTO staged_person
SELECT 'CMS', 'England', 'E' || PERSONID_PE, PERSONID_PE,
    CASE GENDER WHEN 'Male' THEN 'male' WHEN 'Female' THEN 'female' END,
    WEEKOFBIRTH, ALF_PE, CASE WHEN ALF_PE IS NOT NULL THEN 4 END, NULL, LSOA2011_CD
FROM cms_person;

-- CMS has no nationality.
INSERT INTO staged_characteristic
SELECT DISTINCT 'CMS', 'ethnicity', 'E' || person.PERSONID_PE, kind.NAME
FROM cms_person AS person
JOIN CMS_TLKPETHNICORIGIN AS kind ON kind.ETHNICORIGINID = person.ETHNICREF
UNION ALL
SELECT DISTINCT 'CMS', 'religion', 'E' || person.PERSONID_PE, kind.NAME
FROM cms_person AS person
JOIN CMS_TLKPRELIGION AS kind ON kind.RELIGIONID = person.RELIGIONREF
UNION ALL
SELECT DISTINCT 'CMS', 'language', 'E' || person.PERSONID_PE, kind.NAME
FROM cms_person AS person
JOIN CMS_TLKPLANGUAGE AS kind ON kind.LANGUAGEID = person.FIRSTLANGUAGEREF
UNION ALL
SELECT DISTINCT 'CMS', 'disability', 'E' || person.PERSONID_PE, kind.NAME
FROM cms_person AS person
JOIN CMS_TLKPDISABILITY AS kind ON kind.DISABILITYID = person.DISABILITYREF;

INSERT INTO staged_case
SELECT
    'CMS',
    'England',
    'E' || cases.CASEID_PE,
    law_type_of(law.NAME),
    is_completed_of(status.NAME),
    area.LA_CODE,
    NULL,
    NULL,
    NULL,
    NULL
FROM CAFE_CMS_TBLCASE AS cases
LEFT JOIN CMS_TLKPLAWTYPE AS law ON law.LAWTYPEID = cases.LAWTYPEREF
LEFT JOIN CMS_TLKPCASESTATUS AS status ON status.CASESTATUSID = cases.CASESTATUSREF
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
    coalesce(application.DATEAPPLICATIONCOMPLETED, application.DATECOMPLETED),
    court.NAME,
    court_level.NAME,
    circuit.NAME,
    dfj_area.NAME
FROM CAFE_CMS_TBLCASEAPPLICATION AS application
LEFT JOIN CMS_TLKPCASEAPPLICATIONTYPE AS kind ON kind.CASEAPPLICATIONTYPEID = application.CASEAPPLICATIONTYPEREF
LEFT JOIN CMS_TLKPCOURT AS court ON court.COURTID = application.COURTREF
LEFT JOIN CMS_TLKPCOURTLEVEL AS court_level ON court_level.COURTLEVELID = court.COURTLEVELREF
LEFT JOIN CMS_TLKPCIRCUIT AS circuit ON circuit.CIRCUITID = court.CIRCUITREF
LEFT JOIN CMS_TLKPDFJAREA AS dfj_area ON dfj_area.DFJAREAID = court.DFJAREAREF;

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

-- Everybody else whom CMS calls a relative of the child: here the "parent" of the table is no parent.
INSERT INTO staged_relative
SELECT
    'CMS',
    'E' || link.CHILDREF_PE,
    'E' || link.PARENTREF_PE,
    CASE
        WHEN plain(kind.NAME) LIKE 'step%parent' THEN 'step_parent'
        WHEN plain(kind.NAME) = 'grandparent' THEN 'grandparent'
        WHEN plain(kind.NAME) = 'carer' THEN 'carer'
        ELSE 'extended_family'
    END
FROM CAFE_CMS_TBLCRSPERSONRELATIONSHIP AS link
LEFT JOIN CMS_TLKPCRSRELATIONSHIP AS kind ON kind.CRSRELATIONSHIPID = link.RELATIONSHIPREF
WHERE plain(kind.NAME) NOT IN ('birth parent', 'parent') OR kind.NAME IS NULL;

INSERT INTO counted
SELECT 'relationship_rows_read', 'CMS', count(*), 0 FROM CAFE_CMS_TBLCRSPERSONRELATIONSHIP;

INSERT INTO staged_hearing
SELECT 'CMS', 'E' || hearing.CASEREF_PE, hearing.HEARINGDATE, court.NAME
FROM CAFE_CMS_TBLCASEHEARING AS hearing
LEFT JOIN CMS_TLKPCOURT AS court ON court.COURTID = hearing.COURTREF;

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
