-- What the data sets share. Read from the research-ready tables; every view and table here is one row per key.

CREATE MACRO completed_years(born, on_day) AS
    year(on_day) - year(born)
        - CASE WHEN (month(on_day), day(on_day)) < (month(born), day(born)) THEN 1 ELSE 0 END;

CREATE MACRO completed_weeks(born, on_day) AS CAST(floor((on_day - born) / 7) AS BIGINT);

CREATE MACRO financial_year(on_day) AS
    CASE WHEN month(on_day) >= 4 THEN year(on_day) ELSE year(on_day) - 1 END || '/'
        || right(CAST(CASE WHEN month(on_day) >= 4 THEN year(on_day) + 1 ELSE year(on_day) END AS VARCHAR), 2);

-- A flag of nothing is not set.
CREATE MACRO is_set(flag) AS coalesce(CAST(flag AS INTEGER), 0);

-- What every data set says of a person.
CREATE VIEW described_person AS
SELECT
    person_id,
    week_of_birth,
    sex,
    ethnic_group,
    ethnicity_status,
    religion,
    nationality,
    language,
    disability,
    deprivation_quintile,
    is_linked,
    linkage_status
FROM person;

-- Where the proceedings of a person begin: the s31 application about the person, else the case.
CREATE TABLE started AS
SELECT
    member.*,
    coalesce(member.s31_issue_date, cases.issue_date) AS start_date,
    cases.has_s31,
    cases.law_type
FROM case_person AS member
JOIN "case" AS cases USING (case_id);

CREATE TABLE people_of_case AS
SELECT
    case_id,
    count(*) FILTER (WHERE role = 'subject') AS subjects,
    count(*) FILTER (WHERE role <> 'subject') AS adults,
    bool_or(family_role = 'mother') AS has_mother,
    bool_or(family_role = 'father') AS has_father,
    max(person.week_of_birth) FILTER (WHERE role = 'subject') AS youngest_born
FROM case_person
JOIN person USING (person_id)
GROUP BY case_id;

-- Final orders of each child in each case by both hierarchies, and one flag for each group.
CREATE TABLE ranked_group AS
SELECT hierarchy, order_group, CAST(rank AS INTEGER) AS rank, label FROM order_hierarchies;

CREATE TABLE child_outcome AS
SELECT
    made.case_id,
    made.child_id,
    max(made.order_date) FILTER (WHERE made.is_final = 1) AS final_order_date,
    min(highest.rank) FILTER (WHERE made.is_final = 1) AS highest_rank,
    min(least.rank) FILTER (WHERE made.is_final = 1) AS least_rank,
    bool_or(made.order_group = 'placement') FILTER (WHERE made.is_final = 1) AS any_placement,
    bool_or(made.order_group = 'care') FILTER (WHERE made.is_final = 1) AS any_care,
    bool_or(made.order_group = 'secure_accommodation') FILTER (WHERE made.is_final = 1) AS any_secure_accommodation,
    bool_or(made.order_group = 'special_guardianship') FILTER (WHERE made.is_final = 1) AS any_special_guardianship,
    bool_or(made.order_group = 'child_arrangements') FILTER (WHERE made.is_final = 1) AS any_child_arrangements,
    bool_or(made.order_group = 'residence') FILTER (WHERE made.is_final = 1) AS any_residence,
    bool_or(made.order_group = 'supervision') FILTER (WHERE made.is_final = 1) AS any_supervision,
    bool_or(made.order_group = 'family_assistance') FILTER (WHERE made.is_final = 1) AS any_family_assistance,
    bool_or(made.order_group = 'no_order') FILTER (WHERE made.is_final = 1) AS any_no_order,
    bool_or(made.order_group = 'withdrawn') FILTER (WHERE made.is_final = 1) AS any_withdrawn,
    bool_or(made.order_group = 'discharge') FILTER (WHERE made.is_final = 1) AS any_discharge,
    bool_or(made.order_group = 'contact') FILTER (WHERE made.is_final = 1) AS any_contact,
    bool_or(made.order_group = 'specific_issue') FILTER (WHERE made.is_final = 1) AS any_specific_issue,
    bool_or(made.order_group = 'prohibited_steps') FILTER (WHERE made.is_final = 1) AS any_prohibited_steps,
    bool_or(made.order_group = 'enforcement') FILTER (WHERE made.is_final = 1) AS any_enforcement,
    bool_or(made.order_group = 'parental_responsibility') FILTER (WHERE made.is_final = 1) AS any_parental_responsibility,
    bool_or(made.order_group = 'interim') AS any_interim
FROM legal_order AS made
LEFT JOIN ranked_group AS highest ON highest.hierarchy = 'highest' AND highest.order_group = made.order_group
LEFT JOIN ranked_group AS least ON least.hierarchy = 'least' AND least.order_group = made.order_group
GROUP BY made.case_id, made.child_id;

CREATE TABLE case_outcome AS
SELECT case_id, min(highest_rank) AS highest_rank, min(least_rank) AS least_rank FROM child_outcome GROUP BY case_id;

CREATE VIEW highest_label AS
SELECT rank AS highest_rank, min(label) AS final_order_highest
FROM ranked_group WHERE hierarchy = 'highest' GROUP BY rank;
CREATE VIEW least_label AS
SELECT rank AS least_rank, min(label) AS final_order_least
FROM ranked_group WHERE hierarchy = 'least' GROUP BY rank;

-- The mother and father of a child in a case: of several the first who is in the case, then the smallest identifier.
CREATE TABLE parent_in_case AS
WITH parent AS (
    SELECT
        child.case_id,
        child.person_id AS child_id,
        link.parent,
        link.parent_id,
        completed_years(adult.week_of_birth, child.start_date) AS age,
        member.person_id IS NOT NULL AS in_case,
        count(*) OVER (PARTITION BY child.case_id, child.person_id, link.parent) AS recorded,
        row_number() OVER (
            PARTITION BY child.case_id, child.person_id, link.parent
            ORDER BY member.person_id IS NULL, length(link.parent_id), link.parent_id
        ) AS place
    FROM started AS child
    JOIN relationship AS link ON link.child_id = child.person_id
    JOIN person AS adult ON adult.person_id = link.parent_id
    LEFT JOIN case_person AS member ON member.case_id = child.case_id AND member.person_id = link.parent_id
    WHERE child.role = 'subject'
)
SELECT * EXCLUDE (place) FROM parent WHERE place = 1;
