-- Subject children on applications.

CREATE TABLE people_of_application AS
SELECT
    application_id,
    count(*) FILTER (WHERE role = 'subject') AS subjects,
    count(*) FILTER (WHERE role = 'applicant') AS applicants,
    count(*) FILTER (WHERE role = 'respondent') AS respondents
FROM application_person
GROUP BY application_id;

CREATE TABLE applications_of_case AS
SELECT case_id, count(*) AS applications FROM application GROUP BY case_id;

CREATE TABLE heard_for_application AS
SELECT application.application_id, min(hearing.hearing_date) AS first_hearing_date
FROM application
JOIN hearing ON hearing.case_id = application.case_id AND hearing.hearing_date >= application.application_date
GROUP BY application.application_id;

CREATE TABLE child_application AS
SELECT
    member.application_id,
    member.person_id AS child_id,
    application.case_id,
    cases.jurisdiction,
    cases.system,
    cases.law_type,
    application.application_type,
    application.is_s31,
    application.application_date,
    financial_year(application.application_date) AS financial_year,
    row_number() OVER (
        PARTITION BY application.case_id, member.person_id
        ORDER BY application.application_date, length(member.application_id), member.application_id
    ) AS place_in_case,
    applications.applications AS applications_in_case,
    application.completed_date,
    application.completed_date - application.application_date AS duration_days,
    application.court,
    application.court_level,
    application.circuit,
    completed_years(person.week_of_birth, application.application_date) AS age,
    completed_weeks(person.week_of_birth, application.application_date) AS weeks_old,
    person.* EXCLUDE (person_id, week_of_birth),
    cases.local_authority,
    cases.dfj_area,
    cases.region,
    people.subjects,
    people.applicants,
    people.respondents,
    heard.first_hearing_date,
    heard.first_hearing_date - application.application_date AS notice_days,
    highest.final_order_highest,
    least.final_order_least
FROM application_person AS member
JOIN application USING (application_id)
JOIN "case" AS cases ON cases.case_id = application.case_id
JOIN described_person AS person ON person.person_id = member.person_id
JOIN people_of_application AS people ON people.application_id = member.application_id
JOIN applications_of_case AS applications ON applications.case_id = application.case_id
LEFT JOIN heard_for_application AS heard ON heard.application_id = member.application_id
LEFT JOIN child_outcome AS outcome ON outcome.case_id = application.case_id AND outcome.child_id = member.person_id
LEFT JOIN highest_label AS highest USING (highest_rank)
LEFT JOIN least_label AS least USING (least_rank)
WHERE member.role = 'subject';

DROP TABLE people_of_application;
DROP TABLE applications_of_case;
DROP TABLE heard_for_application;
