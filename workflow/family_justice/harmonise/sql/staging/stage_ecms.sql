-- Cafcass England ECMS -> common layout. Only names and codes are translated here; rules common to all systems follow.

CREATE TABLE ecms_person AS SELECT DISTINCT * FROM CAFE_ECMS_PEOPLE;

INSERT INTO counted
SELECT 'person_rows_read', 'ECMS', count(*), 0 FROM CAFE_ECMS_PEOPLE
UNION ALL
SELECT 'full_duplicate_people', 'ECMS', count(*), count(*) - (SELECT count(*) FROM ecms_person) FROM CAFE_ECMS_PEOPLE;

INSERT INTO staged_person
SELECT 'ECMS', 'England', 'E' || ID_PE, ID_PE,
    CASE GENDER WHEN 'Male' THEN 'male' WHEN 'Female' THEN 'female' END,
    WEEKOFBIRTH, ALF_PE, CASE WHEN ALF_PE IS NOT NULL THEN 4 END, NULL, LSOA2011_CD, ALF2_PE
FROM ecms_person;

INSERT INTO staged_characteristic
SELECT DISTINCT 'ECMS', 'ethnicity', 'E' || record.PERSON_ID_PE, kind.ID, kind.NAME
FROM CAFE_ECMS_ETHNICITIES AS record
JOIN ECMS_ETHNICITYTYPES AS kind ON kind.ID = record.ETHNICITYTYPE_ID
UNION ALL
SELECT DISTINCT 'ECMS', 'religion', 'E' || record.PERSON_ID_PE, kind.ID, kind.NAME
FROM CAFE_ECMS_RELIGIONS AS record
JOIN ECMS_RELIGIONTYPES AS kind ON kind.ID = record.RELIGIONTYPE_ID
UNION ALL
SELECT DISTINCT 'ECMS', 'nationality', 'E' || record.PERSON_ID_PE, kind.ID, kind.NAME
FROM CAFE_ECMS_NATIONALITIES AS record
JOIN ECMS_NATIONALITYTYPES AS kind ON kind.ID = record.NATIONALITYTYPE_ID
UNION ALL
SELECT DISTINCT 'ECMS', 'language', 'E' || record.PERSON_ID_PE, kind.ID, kind.NAME
FROM CAFE_ECMS_LANGUAGES AS record
JOIN ECMS_LANGUAGETYPES AS kind ON kind.ID = record.LANGUAGETYPE_ID
UNION ALL
SELECT DISTINCT 'ECMS', 'disability', 'E' || record.PERSON_ID_PE, kind.ID, kind.NAME
FROM CAFE_ECMS_DISABILITIES AS record
JOIN ECMS_DISABILITYTYPES AS kind ON kind.ID = record.DISABILITYTYPE_ID;

-- The status is the last word on whether a case is over: a reopened case has a closure date and is open.
INSERT INTO staged_case
SELECT
    'ECMS',
    'England',
    'E' || cases.ID_PE,
    law_type_of(law.CAPTION),
    coalesce(is_completed_of(status.NAME), 0),
    area.la_code,
    form.FORMNAME,
    cases.DATERECEIVED,
    cases.CLOSUREDATE,
    cases.REOPENDATE
FROM CAFE_ECMS_CASES AS cases
LEFT JOIN ECMS_LAWTYPES AS law ON law.ID = cases.LAWTYPE_ID
LEFT JOIN ECMS_CASESTATUS AS status ON status.ID = cases.CASESTATU_ID
LEFT JOIN ECMS_COURTFORMS AS form ON form.ID = cases.COURTFORM_ID
LEFT JOIN ECMS_LOCALAUTHORITIES AS authority ON authority.ID = cases.LOCALAUTHORITY_ID
LEFT JOIN authority_word AS area ON area.word = plain(authority.NAME);

INSERT INTO understood
SELECT 'ECMS_LAWTYPES.CAPTION', count(law.CAPTION),
    count(law.CAPTION) FILTER (WHERE law_type_of(law.CAPTION) IS NULL),
    list(DISTINCT law.CAPTION) FILTER (WHERE law_type_of(law.CAPTION) IS NULL)
FROM CAFE_ECMS_CASES AS cases JOIN ECMS_LAWTYPES AS law ON law.ID = cases.LAWTYPE_ID
UNION ALL
SELECT 'ECMS_CASESTATUS.NAME', count(status.NAME),
    count(status.NAME) FILTER (WHERE is_completed_of(status.NAME) IS NULL),
    list(DISTINCT status.NAME) FILTER (WHERE is_completed_of(status.NAME) IS NULL)
FROM CAFE_ECMS_CASES AS cases JOIN ECMS_CASESTATUS AS status ON status.ID = cases.CASESTATU_ID
UNION ALL
SELECT 'ECMS_LOCALAUTHORITIES.NAME', count(authority.NAME),
    count(*) FILTER (WHERE area.word IS NULL), list(DISTINCT authority.NAME) FILTER (WHERE area.word IS NULL)
FROM CAFE_ECMS_CASES AS cases
JOIN ECMS_LOCALAUTHORITIES AS authority ON authority.ID = cases.LOCALAUTHORITY_ID
LEFT JOIN authority_word AS area ON area.word = plain(authority.NAME);

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

-- ECMS records every relationship in both directions. Type 1 leads from the child to the parent (public code fjs_data);
-- it is enough. 34, 35, 40, 41, 51 and 52 are siblings, and 9, 14 and 24 no family, there too. What other types are, and
-- which is the other side of which, is read from the look-up.
CREATE TABLE ecms_relation AS
WITH named AS (
    SELECT
        ID,
        kind.INVERSEREF,
        CASE
            WHEN ID = 1 THEN 'parent'
            WHEN ID IN (34, 35) THEN 'natural_sibling'
            WHEN ID IN (40, 41) THEN 'half_sibling'
            WHEN ID IN (51, 52) THEN 'step_sibling'
            WHEN ID IN (9, 14, 24) THEN 'no_family'
            WHEN regexp_matches(plain(RELATIONSHIPMALE), '^step.?(father|parent)') THEN 'step_parent'
            WHEN regexp_matches(plain(RELATIONSHIPMALE), '^(maternal |paternal )?grand.?(father|parent)') THEN 'grandparent'
            WHEN plain(RELATIONSHIPMALE) LIKE '%carer' THEN 'carer'
        END AS relation,
        kind.ISPRIMARY
    FROM (
        SELECT RELATIONSHIPTYPE_ID AS ID FROM CAFE_ECMS_PERSONRELATIONSHIPS UNION SELECT ID FROM ECMS_RELATIONSHIPTYPES
    )
    LEFT JOIN ECMS_RELATIONSHIPTYPES AS kind USING (ID)
)

SELECT
    one.ID,
    one.relation,
    -- the other side of a type that is understood, or of one that is shown first
    one.relation IS NULL AND other.ID IS NOT NULL AND other.ID <> one.ID
        AND (other.relation IS NOT NULL OR (one.ISPRIMARY = 'false' AND other.ISPRIMARY = 'true')) AS is_other_side
FROM named AS one
LEFT JOIN named AS other ON other.ID = one.INVERSEREF;

-- The look-up may not call type 1 something else, and types whose meaning is not public are named as relatives are.
INSERT INTO understood
SELECT 'ECMS_RELATIONSHIPTYPES.RELATIONSHIPMALE', count(*), count(*) FILTER (WHERE failed), list(DISTINCT name) FILTER (WHERE failed)
FROM (
    SELECT
        kind.RELATIONSHIPMALE AS name,
        CASE
            WHEN link.RELATIONSHIPTYPE_ID = 1
                THEN NOT regexp_full_match(plain(kind.RELATIONSHIPMALE), '((birth|natural|biological) )?(parent|father)')
            ELSE known.relation IS NULL AND NOT known.is_other_side
                AND NOT coalesce(is_other_relative(kind.RELATIONSHIPMALE), false)
        END AS failed
    FROM CAFE_ECMS_PERSONRELATIONSHIPS AS link
    JOIN ECMS_RELATIONSHIPTYPES AS kind ON kind.ID = link.RELATIONSHIPTYPE_ID
    JOIN ecms_relation AS known ON known.ID = link.RELATIONSHIPTYPE_ID
);

INSERT INTO staged_parent
SELECT 'ECMS', 'E' || PERSON_ID_PE, 'E' || RELATEDPERSON_ID_PE
FROM CAFE_ECMS_PERSONRELATIONSHIPS
WHERE RELATIONSHIPTYPE_ID = 1;

-- A type that the look-up lacks, or names otherwise, is some other relative.
INSERT INTO staged_relative
SELECT
    'ECMS',
    'E' || link.PERSON_ID_PE,
    'E' || link.RELATEDPERSON_ID_PE,
    coalesce(kind.relation, 'extended_family')
FROM CAFE_ECMS_PERSONRELATIONSHIPS AS link
LEFT JOIN ecms_relation AS kind ON kind.ID = link.RELATIONSHIPTYPE_ID
WHERE link.RELATIONSHIPTYPE_ID <> 1 AND kind.is_other_side IS DISTINCT FROM true;

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
