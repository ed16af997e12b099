-- Cases. The five flags of final orders are the groups of the public code UCL-CHIG/cafcass-mortality.

-- Where the case was: the courts of its applications and hearings in the order of their days. On one day an
-- application goes before a hearing. Hearings tell neither area nor circuit. In Cymru an application has the court of
-- the first hearing, whenever it was made: there only hearings tell the court.
CREATE TABLE seen_in_court AS
SELECT
    application.case_id,
    application.application_date AS day,
    1 AS place,
    CASE WHEN cases.system <> 'Cymru' THEN application.court END AS court,
    application.dfj_area,
    application.circuit
FROM application
JOIN "case" AS cases USING (case_id)
UNION ALL
SELECT case_id, hearing_date, 2, court, NULL, NULL FROM hearing;

CREATE TABLE courts_of_case AS
SELECT
    case_id,
    arg_min(court, (day, place, court)) FILTER (WHERE court IS NOT NULL) AS first_court,
    arg_max(court, (day, place, court)) FILTER (WHERE court IS NOT NULL) AS last_court,
    arg_min(dfj_area, (day, dfj_area)) FILTER (WHERE dfj_area IS NOT NULL) AS first_dfj_area,
    arg_max(dfj_area, (day, dfj_area)) FILTER (WHERE dfj_area IS NOT NULL) AS last_dfj_area,
    arg_min(circuit, (day, circuit)) FILTER (WHERE circuit IS NOT NULL) AS first_circuit,
    arg_max(circuit, (day, circuit)) FILTER (WHERE circuit IS NOT NULL) AS last_circuit
FROM seen_in_court
GROUP BY case_id;

CREATE TABLE heard_for_case AS
SELECT
    case_id,
    count(*) AS hearings,
    min(hearing_date) AS first_hearing_date,
    max(hearing_date) AS last_hearing_date
FROM hearing
GROUP BY case_id;

CREATE TABLE asked_in_case AS
SELECT
    case_id,
    count(*) AS applications,
    bool_or(application_type = 'emergency_protection') AS emergency_protection
FROM application
GROUP BY case_id;

-- A withdrawn application counts as no order, as in the hierarchies of order_hierarchies.csv.
CREATE TABLE ended_by AS
SELECT
    case_id,
    bool_or(order_group IN ('discharge', 'no_order', 'withdrawn')) AS dis_ono,
    bool_or(order_group IN ('family_assistance', 'supervision')) AS fao_so,
    bool_or(order_group IN ('residence', 'special_guardianship', 'child_arrangements')) AS ro_sgo_cao,
    bool_or(order_group IN ('care', 'secure_accommodation')) AS co_sao,
    bool_or(order_group = 'placement') AS po
FROM legal_order
WHERE is_final = 1
GROUP BY case_id;

-- How old the children are when care proceedings are issued, else the case; who is born later is born in the case.
CREATE TABLE ages_in_case AS
WITH child AS (
    SELECT
        member.case_id,
        coalesce(cases.s31_issue_date, cases.issue_date) AS start_date,
        person.week_of_birth,
        person.week_of_birth > start_date AS is_unborn,
        completed_weeks(person.week_of_birth, start_date) AS weeks,
        completed_years(person.week_of_birth, start_date) AS years,
        is_unborn AND person.week_of_birth <= coalesce(cases.end_date, DATE '9999-12-31') AS is_born_in_case
    FROM case_person AS member
    JOIN "case" AS cases USING (case_id)
    JOIN person USING (person_id)
    WHERE member.role = 'subject' AND person.week_of_birth IS NOT NULL
)
SELECT
    case_id,
    count(*) FILTER (WHERE NOT is_unborn AND weeks < 4) AS under_4_weeks,
    count(*) FILTER (WHERE NOT is_unborn AND weeks >= 4 AND years < 1) AS under_1,
    count(*) FILTER (WHERE years BETWEEN 1 AND 4) AS from_1,
    count(*) FILTER (WHERE years BETWEEN 5 AND 9) AS from_5,
    count(*) FILTER (WHERE years BETWEEN 10 AND 15) AS from_10,
    count(*) FILTER (WHERE years BETWEEN 16 AND 18) AS from_16,
    count(*) FILTER (WHERE years >= 19) AS from_19,
    bool_or(is_born_in_case) AS has_birth
FROM child
GROUP BY case_id;

CREATE TABLE court_case AS
SELECT
    cases.case_id,
    cases.jurisdiction,
    cases.system,
    cases.law_type,
    cases.has_s31,
    CASE cases.is_completed WHEN 1 THEN 'Completed' ELSE 'Open' END AS case_status,
    cases.issue_date,
    cases.s31_issue_date,
    financial_year(cases.issue_date) AS financial_year,
    cases.local_authority,
    cases.dfj_area,
    cases.region,
    courts.first_court,
    courts.last_court,
    courts.first_dfj_area,
    courts.last_dfj_area,
    courts.first_circuit,
    courts.last_circuit,
    coalesce(asked.applications, 0) AS applications,
    is_set(asked.emergency_protection) AS has_emergency_protection,
    coalesce(people.subjects, 0) AS children,
    coalesce(ages.under_4_weeks, 0) AS children_under_4_weeks,
    coalesce(ages.under_1, 0) AS children_from_4_weeks_under_1,
    coalesce(ages.from_1, 0) AS children_1_to_4,
    coalesce(ages.from_5, 0) AS children_5_to_9,
    coalesce(ages.from_10, 0) AS children_10_to_15,
    coalesce(ages.from_16, 0) AS children_16_to_18,
    coalesce(ages.from_19, 0) AS children_from_19,
    is_set(ages.has_birth) AS child_born_in_case,
    coalesce(people.adults, 0) AS adults,
    is_set(people.has_mother) AS mother_in_case,
    is_set(people.has_father) AS father_in_case,
    coalesce(heard.hearings, 0) AS hearings,
    heard.first_hearing_date,
    heard.last_hearing_date,
    cases.final_order_date,
    is_set(ended.dis_ono) AS any_final_order_dis_ono,
    is_set(ended.fao_so) AS any_final_order_fao_so,
    is_set(ended.ro_sgo_cao) AS any_final_order_ro_sgo_cao,
    is_set(ended.co_sao) AS any_final_order_co_sao,
    is_set(ended.po) AS any_final_order_po,
    highest.final_order_highest,
    least.final_order_least,
    cases.end_date,
    cases.end_date - cases.issue_date AS duration_days
FROM "case" AS cases
LEFT JOIN courts_of_case AS courts USING (case_id)
LEFT JOIN asked_in_case AS asked USING (case_id)
LEFT JOIN people_of_case AS people USING (case_id)
LEFT JOIN ages_in_case AS ages USING (case_id)
LEFT JOIN heard_for_case AS heard USING (case_id)
LEFT JOIN ended_by AS ended USING (case_id)
LEFT JOIN case_outcome AS outcome USING (case_id)
LEFT JOIN highest_label AS highest USING (highest_rank)
LEFT JOIN least_label AS least USING (least_rank);

DROP TABLE seen_in_court;
DROP TABLE courts_of_case;
DROP TABLE ages_in_case;
DROP TABLE heard_for_case;
DROP TABLE asked_in_case;
DROP TABLE ended_by;
