-- What was planted, and what harmonisation found, as sets of units: a case, a person, a pair of identifiers ...
-- recovery.csv says in words what the unit of each defect is. Read: the source tables, labels and answers of the
-- synthetic population, the research-ready tables, and `quality`, the counts of the rules.

CREATE TABLE label AS
SELECT
    defect,
    "table",
    CASE WHEN "table" LIKE 'CAFE_CMS%' THEN 'CMS' WHEN "table" LIKE 'CAFE_ECMS%' THEN 'ECMS' ELSE 'Cymru' END AS system,
    CASE WHEN "table" LIKE 'CAFE%' THEN 'E' ELSE 'W' END AS letter,
    split_part(split_part(key, ';', 1), '=', 2) AS one,
    split_part(split_part(key, ';', 2), '=', 2) AS other
FROM defects
WHERE "table" LIKE 'CAFE%' OR "table" LIKE 'CAFCASS%';

CREATE TABLE known AS
SELECT *, CASE system WHEN 'Cymru' THEN 'W' ELSE 'E' END AS letter FROM person_identifier;
CREATE TABLE person_of AS SELECT DISTINCT letter, source_identifier, person_id FROM known;

CREATE TABLE planted (defect VARCHAR, unit VARCHAR);
CREATE TABLE found (defect VARCHAR, unit VARCHAR);

-- Identifiers of one human being, and weeks of birth.
INSERT INTO planted
SELECT DISTINCT defect, letter || one || ' ' || other FROM label
WHERE defect IN ('duplicate_person', 'duplicate_person_unrepairable')
UNION ALL
SELECT DISTINCT defect, system || one FROM label
WHERE defect IN ('century_typo', 'alf_missing', 'status_99_with_number', 'person_without_application');

CREATE TABLE joined_pair AS
SELECT DISTINCT one.letter || one.source_identifier || ' ' || other.source_identifier AS unit
FROM person_of AS one
JOIN person_of AS other USING (letter, person_id)
WHERE CAST(one.source_identifier AS BIGINT) > CAST(other.source_identifier AS BIGINT);

INSERT INTO found
SELECT 'duplicate_person', unit FROM joined_pair
UNION ALL
SELECT 'duplicate_person_unrepairable', unit FROM joined_pair
JOIN planted USING (unit) WHERE planted.defect = 'duplicate_person_unrepairable'
UNION ALL
SELECT 'century_typo', known.system || known.source_identifier
    || CASE WHEN person.week_of_birth IS DISTINCT FROM truth.week_of_birth THEN ' wrong' ELSE '' END
FROM known
JOIN person USING (person_id)
JOIN answers AS truth ON truth.system = known.system AND CAST(truth.person_id_raw AS VARCHAR) = known.source_identifier
WHERE known.had_century_typo = 1
UNION ALL
SELECT 'alf_missing', known.system || known.source_identifier
FROM known JOIN person USING (person_id)
WHERE known.linkage_field IS NULL AND person.week_of_birth IS NOT NULL
UNION ALL
SELECT DISTINCT 'status_99_with_number', 'Cymru' || known.source_identifier
FROM known JOIN CAFCASS_ALF AS raw ON CAST(raw.SYSTEM_ID_E AS VARCHAR) = known.source_identifier
WHERE known.system = 'Cymru' AND raw.ALF_E IS NOT NULL AND known.linkage_field IS NULL
UNION ALL
SELECT 'person_without_application', 'ECMS' || known.source_identifier
FROM known
WHERE known.system = 'ECMS'
    AND known.person_id NOT IN (SELECT person_id FROM application_person WHERE application_id LIKE 'E%');

-- Cases.
INSERT INTO planted
SELECT DISTINCT defect, letter || one FROM label
WHERE defect IN (
    'case_in_two_systems', 'missing_father', 'outputs_before_start', 'second_mother', 'second_father'
)
UNION ALL
SELECT 'missing_legal_outputs', unit FROM (
    SELECT letter || one AS unit FROM label WHERE defect = 'missing_legal_outputs'
    EXCEPT SELECT letter || one FROM label WHERE defect = 'outputs_before_start'
)
UNION ALL
SELECT DISTINCT label.defect, label.letter || label.one || ' ' || person_of.person_id
FROM label JOIN person_of ON person_of.letter = label.letter AND person_of.source_identifier = label.other
WHERE label.defect = 'unborn_at_issue';

CREATE TABLE completed_without_order AS
SELECT case_id, system = 'CMS' AND last_hearing_date < getvariable('cms_orders_usable_from') AS was_before_usable
FROM "case"
WHERE is_completed = 1 AND case_id NOT IN (SELECT case_id FROM legal_order);

INSERT INTO found
SELECT 'case_in_two_systems', case_id FROM "case" WHERE system = 'CMS+ECMS'
UNION ALL
SELECT 'missing_father', case_id FROM case_person
GROUP BY case_id HAVING count(*) FILTER (WHERE family_role = 'father') = 0
UNION ALL
SELECT 'second_' || family_role, case_id FROM case_person WHERE family_role IN ('mother', 'father')
GROUP BY case_id, family_role HAVING count(*) > 1
UNION ALL
SELECT CASE WHEN was_before_usable THEN 'outputs_before_start' ELSE 'missing_legal_outputs' END, case_id
FROM completed_without_order
UNION ALL
SELECT 'unborn_at_issue', member.case_id || ' ' || member.person_id
FROM case_person AS member
JOIN "case" AS cases USING (case_id)
JOIN person USING (person_id)
WHERE member.role = 'subject' AND person.week_of_birth > coalesce(member.s31_issue_date, cases.issue_date);

-- Roles: ECMS labels its row, the other systems application and person.
INSERT INTO planted
WITH pair AS (
    SELECT
        'ECMS' AS system,
        'E' AS letter,
        CAST(raw.APPLICATION_ID_PE AS VARCHAR) AS application,
        CAST(raw.PERSON_ID_PE AS VARCHAR) AS person
    FROM label JOIN CAFE_ECMS_PERSONSONAPPLICATIONS AS raw ON CAST(raw.ID_PE AS VARCHAR) = label.one
    WHERE label.defect = 'two_roles' AND label.system = 'ECMS'
    UNION ALL
    SELECT system, letter, one, other FROM label WHERE defect = 'two_roles' AND system <> 'ECMS'
),
application_case AS (
    SELECT 'CMS' AS system, CAST(CASEAPPLICATIONID_PE AS VARCHAR) AS application, 'E' || CASEREF_PE AS case_id
    FROM CAFE_CMS_TBLCASEAPPLICATION
    UNION ALL SELECT 'ECMS', CAST(ID_PE AS VARCHAR), 'E' || CASE_ID_PE FROM CAFE_ECMS_APPLICATIONS
    UNION ALL SELECT 'Cymru', CAST(CAP_APPLICATIONID_E AS VARCHAR), 'W' || CAP_INCIDENTID_E FROM CAFCASS_APPLICATION
)
SELECT DISTINCT 'two_roles', application_case.case_id || ' ' || person_of.person_id
FROM pair
JOIN application_case USING (system, application)
JOIN person_of ON person_of.letter = pair.letter AND person_of.source_identifier = pair.person;

INSERT INTO found SELECT 'two_roles', case_id || ' ' || person_id FROM case_person WHERE role = 'unclear';

-- Characteristics, by person: missing means that no system holds a known value.
INSERT INTO planted
SELECT DISTINCT label.defect, person_of.person_id
FROM label JOIN person_of ON person_of.letter = label.letter AND person_of.source_identifier = label.one
WHERE label.defect IN (
    'ethnicity_conflict', 'religion_conflict', 'nationality_conflict', 'language_conflict', 'disability_conflict'
)
UNION ALL
SELECT 'ethnicity_missing', known.person_id
FROM known
JOIN person ON person.person_id = known.person_id AND person.week_of_birth IS NOT NULL
LEFT JOIN (SELECT DISTINCT system, one FROM label WHERE defect = 'ethnicity_missing') AS missing
    ON missing.system = known.system AND missing.one = known.source_identifier
LEFT JOIN (SELECT DISTINCT system, one FROM label WHERE defect = 'person_without_application') AS elsewhere
    ON elsewhere.system = known.system AND elsewhere.one = known.source_identifier
WHERE elsewhere.one IS NULL
GROUP BY known.person_id
HAVING bool_and(missing.one IS NOT NULL);

INSERT INTO found
SELECT 'ethnicity_missing', person_id FROM person
WHERE ethnicity_status IN ('unknown', 'not_recorded') AND week_of_birth IS NOT NULL
UNION ALL SELECT 'ethnicity_conflict', person_id FROM person WHERE ethnicity_status = 'conflicting'
UNION ALL SELECT 'religion_conflict', person_id FROM person WHERE religion_status = 'conflicting'
UNION ALL SELECT 'nationality_conflict', person_id FROM person WHERE nationality_status = 'conflicting'
UNION ALL SELECT 'language_conflict', person_id FROM person WHERE language_status = 'conflicting'
UNION ALL
SELECT 'disability_conflict', person_id FROM characteristic
WHERE characteristic = 'disability' AND "group" <> 'Unknown' GROUP BY person_id HAVING count(DISTINCT "group") > 1;

-- Repeated rows are all alike: planted and found are compared by number in each system.
INSERT INTO planted
WITH tally AS (
    SELECT defect, system, count(*) AS n FROM label
    WHERE defect = 'full_duplicate_row' OR (defect = 'duplicate_legal_output' AND system <> 'Cymru')
    GROUP BY defect, system
    UNION ALL
    SELECT 'duplicate_legal_output', 'Cymru', count(*)
    FROM label JOIN CAFCASS_HEARINGOUTCOMEAPPLICATION AS raw ON CAST(raw.CAP_HEARINGOUTCOMEID_E AS VARCHAR) = label.one
    WHERE label.defect = 'duplicate_legal_output' AND label.system = 'Cymru'
    UNION ALL
    -- CMS and Cymru write a second role as a row of its own.
    SELECT 'duplicate_person_on_application', system, count(*) FROM label
    WHERE defect = 'duplicate_person_on_application' OR (defect = 'two_roles' AND system <> 'ECMS')
    GROUP BY system
)
SELECT defect, system || ' ' || unnest(range(n)) FROM tally;

INSERT INTO found
SELECT
    CASE rule
        WHEN 'full_duplicate_people' THEN 'full_duplicate_row'
        WHEN 'duplicate_output' THEN 'duplicate_legal_output'
        ELSE 'duplicate_person_on_application'
    END,
    system || ' ' || unnest(range(CAST(rows_affected AS BIGINT)))
FROM quality
WHERE rule IN ('full_duplicate_people', 'duplicate_output', 'duplicate_member');
