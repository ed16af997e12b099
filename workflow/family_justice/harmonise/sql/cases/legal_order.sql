-- Orders made for children, from outputs that the systems record for a child, an application or a case.

-- 1. Outputs of retained cases that are orders.
CREATE TABLE output_of_case AS
SELECT
    output.rowid AS output_number,   -- names the row in the counts below
    output.system,
    output.case_id,
    output.application_id,
    output.record_id,
    output.recorded_for,
    output.output_date IS NULL AS date_was_missing,
    coalesce(output.output_date, output.hearing_date) AS order_date,
    kind.category AS order_group,
    -- What the type says goes before the flag of ECMS; what is a report is no order (court_report.sql).
    CASE
        WHEN kind.category IN ('report_section_7', 'report_section_37', 'rule_16_4') THEN kind.category
        WHEN output.is_rule_16_4 = 1 THEN 'rule_16_4'
    END AS report_kind,
    report_kind IS NOT NULL AND report_kind IS DISTINCT FROM kind.category AS is_report_by_flag,
    kind.category = 'not_an_order' OR report_kind IS NOT NULL AS is_no_order,
    output.is_final,
    kind.is_final_type,
    coalesce(output.is_final, kind.is_final_type) AS is_final_order,
    cases.system = 'CMS+ECMS' AS case_straddles
FROM staged_output AS output
JOIN retained_case AS cases USING (case_id)
LEFT JOIN legal_orders AS kind ON kind.plain_name = plain(output.type_name);

INSERT INTO counted
SELECT 'output_without_case', system, count(*),
    count(*) FILTER (WHERE case_id IS NULL OR case_id NOT IN (SELECT case_id FROM retained_case))
FROM staged_output GROUP BY system
UNION ALL
SELECT 'output_type_missing', system, count(*), count(*) FILTER (WHERE order_group IS NULL AND report_kind IS NULL)
FROM output_of_case GROUP BY system
UNION ALL
SELECT 'not_an_order', system, count(*), count(*) FILTER (WHERE is_no_order)
FROM output_of_case WHERE order_group IS NOT NULL OR report_kind IS NOT NULL GROUP BY system
UNION ALL
SELECT 'output_date_missing', system, count(*), count(*) FILTER (WHERE date_was_missing AND order_date IS NOT NULL)
FROM output_of_case WHERE NOT is_no_order GROUP BY system
UNION ALL
SELECT 'output_undated', system, count(*), count(*) FILTER (WHERE order_date IS NULL)
FROM output_of_case WHERE NOT is_no_order GROUP BY system;

-- 2. Where CMS and ECMS recorded the same order of a straddling case, ECMS knows for which child it was made.
CREATE TABLE dated_output AS
WITH twin AS (
    SELECT DISTINCT 'CMS' AS system, case_id, order_group, order_date
    FROM output_of_case
    WHERE system = 'ECMS' AND case_straddles AND NOT is_no_order AND order_date IS NOT NULL
)
SELECT output.*, twin.case_id IS NOT NULL AS is_also_in_ecms
FROM output_of_case AS output
LEFT JOIN twin USING (system, case_id, order_group, order_date)
WHERE NOT output.is_no_order AND output.order_date IS NOT NULL;

-- CMS orders were not recorded well before a certain day: kept and counted, or dropped.
CREATE VIEW usable_output AS
SELECT * FROM dated_output
WHERE NOT is_also_in_ecms AND (
    system <> 'CMS'
    OR order_date >= getvariable('cms_orders_usable_from')
    OR getvariable('cms_orders_before_usable') = 'flag'
);

INSERT INTO counted
SELECT 'straddling_output', system, count(*), count(*) FILTER (WHERE is_also_in_ecms)
FROM dated_output WHERE system = 'CMS' GROUP BY system
UNION ALL
SELECT 'order_before_usable', system, count(*),
    count(*) FILTER (WHERE order_date < getvariable('cms_orders_usable_from'))
FROM dated_output WHERE system = 'CMS' AND NOT is_also_in_ecms GROUP BY system
UNION ALL
SELECT 'unusable_order_dropped', system, count(*),
    count(*) - (SELECT count(*) FROM usable_output WHERE usable_output.system = dated_output.system)
FROM dated_output WHERE NOT is_also_in_ecms GROUP BY system;

-- 3. From outputs to children.
CREATE TABLE subject_on_application AS
SELECT member.system, member.case_id, member.application_id, member.person_id
FROM member
JOIN role_in_case AS held USING (case_id, person_id)
WHERE member.role = 'subject' AND held.role = 'subject';

CREATE TABLE child_output AS
WITH cms_subject AS (  -- the subject children of the case as CMS knew it
    SELECT DISTINCT case_id, person_id FROM subject_on_application WHERE system = 'CMS'
),
any_subject AS (
    SELECT DISTINCT case_id, person_id FROM subject_on_application
)
SELECT output.*, subject.person_id AS child_id
FROM usable_output AS output
JOIN cms_subject AS subject USING (case_id)
WHERE output.system = 'CMS'
UNION ALL
SELECT output.*, subject.person_id
FROM usable_output AS output
JOIN person_of_record AS person USING (record_id)
JOIN any_subject AS subject ON subject.case_id = output.case_id AND subject.person_id = person.person_id
WHERE output.system = 'ECMS'
UNION ALL
SELECT output.*, subject.person_id
FROM usable_output AS output
JOIN subject_on_application AS subject ON subject.application_id = output.application_id
WHERE output.system = 'Cymru';

INSERT INTO counted
SELECT 'output_without_child', system, count(*),
    count(*) FILTER (WHERE output_number NOT IN (SELECT output_number FROM child_output))
FROM usable_output GROUP BY system
UNION ALL
SELECT 'attributed_to_children', system, count(DISTINCT output_number), count(*)
FROM child_output GROUP BY system;

-- 4. One row per child, case, group and day. In a straddling case the ECMS record wins.
CREATE TABLE child_order AS
SELECT
    case_id,
    child_id,
    order_group,
    order_date,
    count(*) AS rows,
    coalesce(max(is_final_order) FILTER (WHERE system = 'ECMS'), max(is_final_order)) AS is_final,
    coalesce(max(recorded_for) FILTER (WHERE system = 'ECMS'), max(recorded_for)) AS recorded_for,
    CAST(max(system) = 'CMS' AND order_date < getvariable('cms_orders_usable_from') AS INTEGER) AS is_before_usable
FROM child_output
GROUP BY case_id, child_id, order_group, order_date;

CREATE VIEW ready_legal_order AS SELECT * EXCLUDE (rows) FROM child_order;

INSERT INTO counted
SELECT 'order_repeated', jurisdiction, sum(rows)::BIGINT, (sum(rows) - count(*))::BIGINT
FROM child_order JOIN retained_case USING (case_id) GROUP BY jurisdiction
UNION ALL
SELECT 'subject_without_order', cases.system, count(*), count(*) FILTER (WHERE ordered.child_id IS NULL)
FROM role_in_case AS subject
JOIN retained_case AS cases USING (case_id)
LEFT JOIN (SELECT DISTINCT case_id, child_id FROM child_order) AS ordered
    ON ordered.case_id = subject.case_id AND ordered.child_id = subject.person_id
WHERE subject.role = 'subject' AND cases.is_completed = 1
GROUP BY cases.system
UNION ALL
SELECT 'orders_ready', cases.jurisdiction, count(*), 0
FROM child_order JOIN retained_case AS cases USING (case_id) GROUP BY cases.jurisdiction;
