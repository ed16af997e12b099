-- Days on which a case was heard. A hearing of a straddling case that both systems recorded falls on one day anyway.

INSERT INTO counted
SELECT 'hearing_rows_read', system, count(*), 0 FROM staged_hearing GROUP BY system
UNION ALL
SELECT 'hearing_undated', system, count(*), count(*) FILTER (WHERE hearing_date IS NULL)
FROM staged_hearing GROUP BY system
UNION ALL
SELECT 'hearing_without_case', system, count(*), count(*) FILTER (WHERE case_id NOT IN (SELECT case_id FROM retained_case))
FROM staged_hearing WHERE hearing_date IS NOT NULL GROUP BY system;

CREATE TABLE ready_hearing AS
SELECT DISTINCT case_id, staged.hearing_date
FROM staged_hearing AS staged
JOIN retained_case USING (case_id)
WHERE staged.hearing_date IS NOT NULL;

INSERT INTO counted
SELECT 'hearing_repeated', cases.jurisdiction, count(*), count(*) - count(DISTINCT (case_id, staged.hearing_date))
FROM staged_hearing AS staged
JOIN retained_case AS cases USING (case_id)
WHERE staged.hearing_date IS NOT NULL
GROUP BY cases.jurisdiction
UNION ALL
SELECT 'hearings_ready', cases.jurisdiction, count(*), 0
FROM ready_hearing JOIN retained_case AS cases USING (case_id) GROUP BY cases.jurisdiction;
