-- Cafcass England CMS -> common layout. Only names and codes are translated here; rules common to all systems follow.

CREATE TABLE cms_person AS SELECT DISTINCT * FROM CAFE_CMS_TBLPERSON;

INSERT INTO counted
SELECT 'person_rows_read', 'CMS', count(*), 0 FROM CAFE_CMS_TBLPERSON
UNION ALL
SELECT 'full_duplicate_people', 'CMS', count(*), count(*) - (SELECT count(*) FROM cms_person) FROM CAFE_CMS_TBLPERSON;

INSERT INTO staged_person
SELECT 'CMS', 'England', 'E' || PERSONID_PE, PERSONID_PE,
    CASE GENDER WHEN 'Male' THEN 'male' WHEN 'Female' THEN 'female' END,
    WEEKOFBIRTH, ALF_PE, CASE WHEN ALF_PE IS NOT NULL THEN 4 END, NULL, LSOA2011_CD, ALF2_PE
FROM cms_person;

-- CMS has no nationality.
INSERT INTO staged_characteristic
SELECT DISTINCT 'CMS', 'ethnicity', 'E' || person.PERSONID_PE, CAST(NULL AS BIGINT), kind.CAPTION
FROM cms_person AS person
JOIN CMS_TLKPETHNICORIGIN AS kind ON kind.ITEMID = person.ETHNICREF
UNION ALL
SELECT DISTINCT 'CMS', 'religion', 'E' || person.PERSONID_PE, NULL, kind.CAPTION
FROM cms_person AS person
JOIN CMS_TLKPRELIGION AS kind ON kind.ITEMID = person.RELIGIONREF
UNION ALL
SELECT DISTINCT 'CMS', 'language', 'E' || person.PERSONID_PE, NULL, kind.CAPTION
FROM cms_person AS person
JOIN CMS_TLKPLANGUAGE AS kind ON kind.ITEMID = person.FIRSTLANGUAGEREF
UNION ALL
SELECT DISTINCT 'CMS', 'disability', 'E' || person.PERSONID_PE, NULL, kind.DISABILITY
FROM cms_person AS person
JOIN CMS_TLKPDISABILITY AS kind ON kind.DISABILITYID = person.DISABILITYREF;

INSERT INTO staged_case
SELECT
    'CMS',
    'England',
    'E' || cases.CASEID_PE,
    law_type_of(law.CAPTION),
    coalesce(is_completed_of(status.CAPTION), 0),
    area.la_code,
    NULL,
    NULL,
    NULL,
    NULL
FROM CAFE_CMS_TBLCASE AS cases
LEFT JOIN CMS_TLKPLAWTYPE AS law ON law.ITEMID = cases.LAWTYPEREF
LEFT JOIN CMS_TLKPCASESTATUS AS status ON status.ITEMID = cases.CASESTATUSREF
LEFT JOIN CMS_TLKPLOCALAUTHORITY AS authority ON authority.LOCALAUTHORITYID = cases.LOCALAUTHORITYREF
LEFT JOIN authority_word AS area ON area.word = plain(authority.AUTHORITY);

INSERT INTO understood
SELECT 'CMS_TLKPLAWTYPE.CAPTION', count(CAPTION),
    count(CAPTION) FILTER (WHERE law_type_of(CAPTION) IS NULL), list(DISTINCT CAPTION) FILTER (WHERE law_type_of(CAPTION) IS NULL)
FROM CAFE_CMS_TBLCASE JOIN CMS_TLKPLAWTYPE ON ITEMID = LAWTYPEREF
UNION ALL
SELECT 'CMS_TLKPCASESTATUS.CAPTION', count(CAPTION),
    count(CAPTION) FILTER (WHERE is_completed_of(CAPTION) IS NULL), list(DISTINCT CAPTION) FILTER (WHERE is_completed_of(CAPTION) IS NULL)
FROM CAFE_CMS_TBLCASE JOIN CMS_TLKPCASESTATUS ON ITEMID = CASESTATUSREF
UNION ALL
SELECT 'CMS_TLKPLOCALAUTHORITY.AUTHORITY', count(AUTHORITY),
    count(*) FILTER (WHERE area.word IS NULL), list(DISTINCT AUTHORITY) FILTER (WHERE area.word IS NULL)
FROM CAFE_CMS_TBLCASE
JOIN CMS_TLKPLOCALAUTHORITY ON LOCALAUTHORITYID = LOCALAUTHORITYREF
LEFT JOIN authority_word AS area ON area.word = plain(AUTHORITY);

INSERT INTO staged_application
SELECT
    'CMS',
    'C' || application.CASEAPPLICATIONID_PE,
    application.CASEAPPLICATIONID_PE,
    'E' || application.CASEREF_PE,
    kind.CASEAPPLICATIONTYPE,
    application.DATEOFAPPLICATION,
    application.DATERECEIVED,
    -- the day on which the court was done, else the day on which Cafcass was
    coalesce(application.DATEAPPLICATIONCOMPLETED, application.DATECOMPLETED),
    court.COURT,
    court_level.CAPTION,
    circuit.CAPTION,
    dfj_area.CAPTION
FROM CAFE_CMS_TBLCASEAPPLICATION AS application
LEFT JOIN CMS_TLKPCASEAPPLICATIONTYPE AS kind ON kind.CASEAPPLICATIONTYPEID = application.CASEAPPLICATIONTYPEREF
LEFT JOIN CMS_TLKPCOURT AS court ON court.COURTID = application.COURTREF
LEFT JOIN CMS_TLKPCOURTLEVEL AS court_level ON court_level.ITEMID = court.COURTLEVELREF
LEFT JOIN CMS_TLKPCIRCUIT AS circuit ON circuit.ITEMID = court.CIRCUITREF
LEFT JOIN CMS_TLKPDFJAREA AS dfj_area ON dfj_area.ITEMID = court.DFJAREAREF;

-- Member type 16 sends the reader to the converted type, which is a word; 8 is unknown.
INSERT INTO counted SELECT 'member_rows_read', 'CMS', count(*), 0 FROM CAFE_CMS_TBLCASEAPPLICATIONMEMBER;

INSERT INTO staged_member
SELECT
    'CMS',
    'C' || CASEAPPLICATIONREF_PE,
    'E' || MEMBERREF_PE,
    CASE
        WHEN MEMBERTYPE = 1 OR (MEMBERTYPE = 16 AND CONVERTEDTYPE = 'Adult Applicant') THEN 'applicant'
        WHEN MEMBERTYPE = 2 OR (MEMBERTYPE = 16 AND CONVERTEDTYPE = 'Adult Respondent') THEN 'respondent'
        WHEN MEMBERTYPE = 4 OR (MEMBERTYPE = 16 AND CONVERTEDTYPE = 'Subject') THEN 'subject'
    END
FROM CAFE_CMS_TBLCASEAPPLICATIONMEMBER;

-- CMS records relationships from child to parent only; step-parents and carers are not parents here.
-- Code 1 is the parent in public code (fjs_data), whatever its name; the names are assumptions.
CREATE TABLE cms_relationship AS
SELECT
    link.CHILDREF_PE,
    link.PARENTREF_PE,
    link.RELATIONSHIPREF,
    plain(kind.CRSRELATIONSHIP) AS name,
    link.RELATIONSHIPREF = 1 OR regexp_full_match(plain(kind.CRSRELATIONSHIP), '((birth|natural|biological) )?(parent|mother|father)') AS is_parent
FROM CAFE_CMS_TBLCRSPERSONRELATIONSHIP AS link
LEFT JOIN CMS_TLKPCRSRELATIONSHIP AS kind ON kind.CRSRELATIONSHIPID = link.RELATIONSHIPREF;

-- The look-up may not call code 1 something else, and other names are those of relatives.
INSERT INTO understood
SELECT 'CMS_TLKPCRSRELATIONSHIP.CRSRELATIONSHIP', count(name), count(*) FILTER (WHERE failed), list(DISTINCT name) FILTER (WHERE failed)
FROM (
    SELECT
        name,
        CASE
            WHEN RELATIONSHIPREF = 1 THEN regexp_matches(name, 'step|grand|carer|sibling')
            ELSE NOT is_parent AND NOT is_other_relative(name)
        END AS failed
    FROM cms_relationship
);

INSERT INTO staged_parent
SELECT 'CMS', 'E' || CHILDREF_PE, 'E' || PARENTREF_PE FROM cms_relationship WHERE is_parent;

-- Everybody else whom CMS calls a relative of the child: here the "parent" of the table is no parent.
INSERT INTO staged_relative
SELECT
    'CMS',
    'E' || CHILDREF_PE,
    'E' || PARENTREF_PE,
    CASE
        WHEN name LIKE 'step%parent' THEN 'step_parent'
        WHEN name = 'grandparent' THEN 'grandparent'
        WHEN name = 'carer' THEN 'carer'
        ELSE 'extended_family'
    END
FROM cms_relationship
WHERE is_parent IS DISTINCT FROM true;

INSERT INTO counted
SELECT 'relationship_rows_read', 'CMS', count(*), 0 FROM CAFE_CMS_TBLCRSPERSONRELATIONSHIP;

INSERT INTO staged_hearing
SELECT 'CMS', 'E' || hearing.CASEREF_PE, hearing.HEARINGDATE, court.COURT
FROM CAFE_CMS_TBLCASEHEARING AS hearing
LEFT JOIN CMS_TLKPCOURT AS court ON court.COURTID = hearing.COURTREF;

-- Legal outputs hang on the case. DISTINCT without the row identifier removes duplicates.
INSERT INTO staged_output
SELECT DISTINCT
    'CMS',
    'E' || output.CASEREF_PE,
    NULL,
    NULL,
    kind.LEGALOUTPUTTYPE,
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
