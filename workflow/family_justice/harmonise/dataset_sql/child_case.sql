-- Subject children in cases.

CREATE TABLE sibling_in_case AS
WITH subject AS (SELECT case_id, person_id FROM case_person WHERE role = 'subject'),
pair AS (
    SELECT one.case_id, one.person_id, other.person_id AS sibling_id
    FROM subject AS one
    JOIN relationship AS mine ON mine.child_id = one.person_id
    JOIN relationship AS theirs ON theirs.parent_id = mine.parent_id AND theirs.child_id <> mine.child_id
    JOIN subject AS other ON other.case_id = one.case_id AND other.person_id = theirs.child_id
    UNION
    SELECT one.case_id, one.person_id, other.person_id
    FROM (
        SELECT person_id, relative_id, relation FROM relative
        UNION SELECT relative_id, person_id, relation FROM relative
    ) AS link
    JOIN subject AS one ON one.person_id = link.person_id
    JOIN subject AS other ON other.case_id = one.case_id AND other.person_id = link.relative_id
    WHERE link.relation IN ('natural_sibling', 'half_sibling', 'sibling')
)
SELECT case_id, person_id, count(*) AS siblings FROM pair GROUP BY case_id, person_id;

-- Brothers and sisters count from both sides: some systems record one direction only.
CREATE TABLE recorded_relatives AS
WITH link AS (
    SELECT person_id, relative_id, relation FROM relative
    UNION
    SELECT relative_id, person_id, relation FROM relative WHERE relation LIKE '%sibling'
)
SELECT
    person_id,
    count(*) FILTER (WHERE relation = 'natural_sibling') AS natural_siblings,
    count(*) FILTER (WHERE relation = 'half_sibling') AS half_siblings,
    count(*) FILTER (WHERE relation = 'step_sibling') AS step_siblings,
    count(*) FILTER (WHERE relation = 'sibling') AS other_siblings,
    count(DISTINCT relative_id) FILTER (WHERE relation NOT LIKE '%sibling') AS extended_family
FROM link
GROUP BY person_id;

CREATE TABLE applications_of_child AS
SELECT application.case_id, member.person_id, count(*) AS applications
FROM application_person AS member
JOIN application USING (application_id)
WHERE member.role = 'subject'
GROUP BY application.case_id, member.person_id;

CREATE TABLE s31_starts AS
SELECT person_id, list(s31_issue_date) AS starts
FROM started
WHERE role = 'subject' AND has_s31 = 1 AND s31_issue_date IS NOT NULL
GROUP BY person_id;

CREATE TABLE heard_for_child AS
SELECT
    child.case_id,
    child.person_id,
    count(*) AS hearings,
    min(hearing.hearing_date) AS first_hearing_date
FROM started AS child
JOIN hearing ON hearing.case_id = child.case_id AND hearing.hearing_date >= child.start_date
WHERE child.role = 'subject'
GROUP BY child.case_id, child.person_id;

CREATE TABLE child_case AS
SELECT
    child.case_id,
    child.person_id AS child_id,
    cases.jurisdiction,
    cases.system,
    cases.law_type,
    cases.has_s31,
    cases.issue_date,
    child.s31_issue_date,
    child.start_date,
    financial_year(child.start_date) AS financial_year,
    person.week_of_birth,
    completed_years(person.week_of_birth, child.start_date) AS age,
    completed_weeks(person.week_of_birth, child.start_date) AS weeks_old,
    CAST(person.week_of_birth > child.start_date AS INTEGER) AS is_unborn,
    person.* EXCLUDE (person_id, week_of_birth),
    cases.local_authority,
    cases.dfj_area,
    cases.region,
    mother.parent_id AS mother_id,
    mother.age AS mother_age,
    coalesce(CAST(mother.in_case AS INTEGER), 0) AS mother_in_case,
    coalesce(mother.recorded, 0) AS mothers,
    father.parent_id AS father_id,
    father.age AS father_age,
    coalesce(CAST(father.in_case AS INTEGER), 0) AS father_in_case,
    coalesce(father.recorded, 0) AS fathers,
    people.subjects AS subjects_in_case,
    coalesce(sibling.siblings, 0) AS siblings_in_case,
    coalesce(relatives.natural_siblings, 0) AS natural_siblings,
    coalesce(relatives.half_siblings, 0) AS half_siblings,
    coalesce(relatives.step_siblings, 0) AS step_siblings,
    coalesce(relatives.other_siblings, 0) AS other_siblings,
    coalesce(relatives.extended_family, 0) AS extended_family,
    people.adults AS adults_in_case,
    coalesce(applications.applications, 0) AS applications,
    coalesce(len(list_filter(starts.starts, lambda day: day < child.start_date)), 0) AS earlier_s31_cases,
    coalesce(heard.hearings, 0) AS hearings,
    heard.first_hearing_date,
    cases.last_hearing_date,
    heard.first_hearing_date - child.start_date AS notice_days,
    highest.final_order_highest,
    least.final_order_least,
    is_set(outcome.any_placement) AS any_placement,
    is_set(outcome.any_care) AS any_care,
    is_set(outcome.any_secure_accommodation) AS any_secure_accommodation,
    is_set(outcome.any_special_guardianship) AS any_special_guardianship,
    is_set(outcome.any_child_arrangements) AS any_child_arrangements,
    is_set(outcome.any_residence) AS any_residence,
    is_set(outcome.any_supervision) AS any_supervision,
    is_set(outcome.any_family_assistance) AS any_family_assistance,
    is_set(outcome.any_no_order) AS any_no_order,
    is_set(outcome.any_withdrawn) AS any_withdrawn,
    is_set(outcome.any_discharge) AS any_discharge,
    is_set(outcome.any_contact) AS any_contact,
    is_set(outcome.any_specific_issue) AS any_specific_issue,
    is_set(outcome.any_prohibited_steps) AS any_prohibited_steps,
    is_set(outcome.any_enforcement) AS any_enforcement,
    is_set(outcome.any_parental_responsibility) AS any_parental_responsibility,
    is_set(outcome.any_interim) AS any_interim,
    outcome.final_order_date,
    cases.is_completed,
    cases.end_date,
    cases.end_date - child.start_date AS duration_days
FROM started AS child
JOIN "case" AS cases USING (case_id)
JOIN described_person AS person ON person.person_id = child.person_id
JOIN people_of_case AS people ON people.case_id = child.case_id
LEFT JOIN parent_in_case AS mother
    ON mother.case_id = child.case_id AND mother.child_id = child.person_id AND mother.parent = 'mother'
LEFT JOIN parent_in_case AS father
    ON father.case_id = child.case_id AND father.child_id = child.person_id AND father.parent = 'father'
LEFT JOIN sibling_in_case AS sibling ON sibling.case_id = child.case_id AND sibling.person_id = child.person_id
LEFT JOIN recorded_relatives AS relatives ON relatives.person_id = child.person_id
LEFT JOIN applications_of_child AS applications
    ON applications.case_id = child.case_id AND applications.person_id = child.person_id
LEFT JOIN s31_starts AS starts ON starts.person_id = child.person_id
LEFT JOIN heard_for_child AS heard ON heard.case_id = child.case_id AND heard.person_id = child.person_id
LEFT JOIN child_outcome AS outcome ON outcome.case_id = child.case_id AND outcome.child_id = child.person_id
LEFT JOIN highest_label AS highest USING (highest_rank)
LEFT JOIN least_label AS least USING (least_rank)
WHERE child.role = 'subject';

DROP TABLE sibling_in_case;
DROP TABLE recorded_relatives;
DROP TABLE applications_of_child;
DROP TABLE s31_starts;
DROP TABLE heard_for_child;
DROP TABLE parent_in_case;
