-- People in cases who are no subjects.

CREATE TABLE own_children_in_case AS
SELECT child.case_id, link.parent_id AS person_id, count(DISTINCT child.person_id) AS children
FROM case_person AS child
JOIN relationship AS link ON link.child_id = child.person_id
WHERE child.role = 'subject'
GROUP BY child.case_id, link.parent_id;

CREATE TABLE applications_of_adult AS
SELECT application.case_id, member.person_id, count(*) AS applications
FROM application_person AS member
JOIN application USING (application_id)
GROUP BY application.case_id, member.person_id;

CREATE TABLE heard_for_adult AS
SELECT adult.case_id, adult.person_id, count(*) AS hearings
FROM started AS adult
JOIN hearing ON hearing.case_id = adult.case_id AND hearing.hearing_date >= adult.start_date
WHERE adult.role <> 'subject'
GROUP BY adult.case_id, adult.person_id;

-- What the courts knew of the person before the start of this case. Only people of several cases have a before.
CREATE TABLE before_case AS
WITH several AS (SELECT person_id FROM started GROUP BY person_id HAVING count(*) > 1)
SELECT
    this.case_id,
    this.person_id,
    count(*) FILTER (WHERE earlier.has_s31 = 1 AND earlier.family_role IN ('mother', 'father')) AS s31_cases,
    count(*) FILTER (WHERE earlier.law_type = 'private' AND earlier.role <> 'subject') AS private_cases,
    max(earlier.start_date) FILTER (
        WHERE earlier.has_s31 = 1 AND earlier.family_role IN ('mother', 'father')
    ) AS last_s31,
    bool_or(earlier.role = 'subject') AS was_subject
FROM started AS this
JOIN several USING (person_id)
JOIN started AS earlier ON earlier.person_id = this.person_id AND earlier.start_date < this.start_date
-- Representatives and the like are in thousands of cases each; they have no history of their own.
WHERE this.role <> 'subject' AND this.person_id NOT IN (SELECT person_id FROM person WHERE week_of_birth IS NULL)
GROUP BY this.case_id, this.person_id;

CREATE TABLE adult_case AS
SELECT
    adult.case_id,
    adult.person_id,
    cases.jurisdiction,
    cases.system,
    cases.law_type,
    cases.has_s31,
    cases.issue_date,
    adult.s31_issue_date,
    adult.start_date,
    financial_year(adult.start_date) AS financial_year,
    adult.role,
    adult.family_role,
    completed_years(person.week_of_birth, adult.start_date) AS age,
    CAST(completed_years(person.week_of_birth, adult.start_date) < 18 AS INTEGER) AS is_minor,
    adult.age_at_issue,
    person.* EXCLUDE (person_id, week_of_birth),
    cases.local_authority,
    cases.dfj_area,
    cases.region,
    people.subjects AS subjects_in_case,
    coalesce(own.children, 0) AS own_children,
    completed_years(people.youngest_born, adult.start_date) AS youngest_age,
    CASE adult.family_role
        WHEN 'mother' THEN CAST(people.has_father AS INTEGER) WHEN 'father' THEN CAST(people.has_mother AS INTEGER)
    END AS other_parent_in_case,
    coalesce(applications.applications, 0) AS applications,
    coalesce(heard.hearings, 0) AS hearings,
    coalesce(earlier.s31_cases, 0) AS earlier_s31_cases,
    coalesce(earlier.private_cases, 0) AS earlier_private_cases,
    adult.start_date - earlier.last_s31 AS days_since_s31,
    coalesce(CAST(earlier.was_subject AS INTEGER), 0) AS was_subject,
    highest.final_order_highest,
    least.final_order_least,
    cases.is_completed,
    cases.end_date,
    cases.end_date - adult.start_date AS duration_days
FROM started AS adult
JOIN "case" AS cases USING (case_id)
JOIN described_person AS person ON person.person_id = adult.person_id
JOIN people_of_case AS people ON people.case_id = adult.case_id
LEFT JOIN own_children_in_case AS own ON own.case_id = adult.case_id AND own.person_id = adult.person_id
LEFT JOIN applications_of_adult AS applications
    ON applications.case_id = adult.case_id AND applications.person_id = adult.person_id
LEFT JOIN heard_for_adult AS heard ON heard.case_id = adult.case_id AND heard.person_id = adult.person_id
LEFT JOIN before_case AS earlier ON earlier.case_id = adult.case_id AND earlier.person_id = adult.person_id
LEFT JOIN case_outcome AS outcome ON outcome.case_id = adult.case_id
LEFT JOIN highest_label AS highest USING (highest_rank)
LEFT JOIN least_label AS least USING (least_rank)
WHERE adult.role <> 'subject';

DROP TABLE own_children_in_case;
DROP TABLE applications_of_adult;
DROP TABLE heard_for_adult;
DROP TABLE before_case;
