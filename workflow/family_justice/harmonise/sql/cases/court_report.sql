-- Reports that the court asked for, and rule 16.4 appointments: outputs that are no orders, but say how a case went.
-- The outputs of retained cases, and the kind of report that each is, come from legal_order.sql.

-- 1. Where CMS and ECMS recorded the same report of a straddling case, ECMS knows about which child.
CREATE TABLE dated_report AS
WITH twin AS (
    SELECT DISTINCT 'CMS' AS system, case_id, report_kind, order_date
    FROM output_of_case
    WHERE system = 'ECMS' AND case_straddles AND report_kind IS NOT NULL AND order_date IS NOT NULL
)
SELECT
    output.output_number,
    output.system,
    output.case_id,
    output.application_id,
    output.record_id,
    output.report_kind,
    output.order_date AS report_date,
    output.system = 'CMS' AND output.order_date < getvariable('cms_orders_usable_from') AS is_before_usable,
    twin.case_id IS NOT NULL AS is_also_in_ecms
FROM output_of_case AS output
LEFT JOIN twin USING (system, case_id, report_kind, order_date)
WHERE output.report_kind IS NOT NULL AND output.order_date IS NOT NULL;

-- CMS outputs were not recorded well before a certain day: kept and counted, or dropped, as its orders are.
CREATE VIEW usable_report AS
SELECT * FROM dated_report
WHERE NOT is_also_in_ecms AND (NOT is_before_usable OR getvariable('cms_orders_before_usable') = 'flag');

INSERT INTO counted
SELECT 'report_rows_read', system, count(*), 0
FROM output_of_case WHERE report_kind IS NOT NULL GROUP BY system
UNION ALL
SELECT 'rule_16_4_by_flag', system, count(*), count(*) FILTER (WHERE is_report_by_flag)
FROM output_of_case WHERE report_kind IS NOT NULL AND system = 'ECMS' GROUP BY system
UNION ALL
SELECT 'report_date_missing', system, count(*), count(*) FILTER (WHERE date_was_missing AND order_date IS NOT NULL)
FROM output_of_case WHERE report_kind IS NOT NULL GROUP BY system
UNION ALL
SELECT 'report_undated', system, count(*), count(*) FILTER (WHERE order_date IS NULL)
FROM output_of_case WHERE report_kind IS NOT NULL GROUP BY system
UNION ALL
SELECT 'straddling_report', system, count(*), count(*) FILTER (WHERE is_also_in_ecms)
FROM dated_report WHERE system = 'CMS' GROUP BY system
UNION ALL
SELECT 'report_before_usable', system, count(*), count(*) FILTER (WHERE is_before_usable)
FROM dated_report WHERE system = 'CMS' AND NOT is_also_in_ecms GROUP BY system
UNION ALL
SELECT 'unusable_report_dropped', system, count(*),
    count(*) - (SELECT count(*) FROM usable_report WHERE usable_report.system = dated_report.system)
FROM dated_report WHERE NOT is_also_in_ecms GROUP BY system;

-- 2. ECMS names the child, Cymru the application of the children; CMS knows the case only, and the child stays empty.
CREATE TABLE report_on_child AS
WITH child AS (
    SELECT report.output_number, subject.person_id AS child_id
    FROM usable_report AS report
    JOIN person_of_record AS person USING (record_id)
    JOIN (SELECT DISTINCT case_id, person_id FROM subject_on_application) AS subject
        ON subject.case_id = report.case_id AND subject.person_id = person.person_id
    WHERE report.system = 'ECMS'
    UNION ALL
    SELECT report.output_number, subject.person_id
    FROM usable_report AS report
    JOIN subject_on_application AS subject ON subject.application_id = report.application_id
    WHERE report.system = 'Cymru'
)
SELECT report.*, child.child_id
FROM usable_report AS report
LEFT JOIN child USING (output_number);

INSERT INTO counted
SELECT 'report_attributed', system, count(DISTINCT output_number), count(*)
FROM report_on_child GROUP BY system
UNION ALL
SELECT 'report_without_child', system, count(*), count(*) FILTER (WHERE child_id IS NULL)
FROM report_on_child GROUP BY system;

-- 3. One row per case, child, kind and day. No such row comes from both CMS and ECMS: see 1.
CREATE TABLE report_on_day AS
SELECT
    case_id,
    child_id,
    report_kind,
    report_date,
    min(system) AS system,
    CAST(bool_or(is_before_usable) AS INTEGER) AS is_before_usable,
    count(*) AS rows
FROM report_on_child
GROUP BY case_id, child_id, report_kind, report_date;

CREATE VIEW ready_court_report AS SELECT * EXCLUDE (rows) FROM report_on_day;

INSERT INTO counted
SELECT 'report_repeated', system, sum(rows)::BIGINT, (sum(rows) - count(*))::BIGINT
FROM report_on_day GROUP BY system
UNION ALL
SELECT 'reports_ready', system, count(*), 0 FROM report_on_day GROUP BY system;
