-- Days on which a case was heard. A hearing of a straddling case that both systems recorded falls on one day anyway.

INSERT INTO counted
SELECT 'hearing_rows_read', system, count(*), 0 FROM staged_hearing GROUP BY system
UNION ALL
SELECT 'hearing_undated', system, count(*), count(*) FILTER (WHERE hearing_date IS NULL)
FROM staged_hearing GROUP BY system
UNION ALL
SELECT 'hearing_without_case', system, count(*), count(*) FILTER (WHERE case_id NOT IN (SELECT case_id FROM retained_case))
FROM staged_hearing WHERE hearing_date IS NOT NULL GROUP BY system;

CREATE TABLE hearing_day AS
SELECT case_id, cases.jurisdiction, staged.hearing_date, count(*) AS rows
FROM staged_hearing AS staged
JOIN retained_case AS cases USING (case_id)
WHERE staged.hearing_date IS NOT NULL
GROUP BY case_id, cases.jurisdiction, staged.hearing_date;

CREATE VIEW ready_hearing AS SELECT case_id, hearing_date FROM hearing_day;

INSERT INTO counted
SELECT 'hearing_repeated', jurisdiction, sum(rows)::BIGINT, (sum(rows) - count(*))::BIGINT
FROM hearing_day GROUP BY jurisdiction
UNION ALL
SELECT 'hearings_ready', jurisdiction, count(*), 0 FROM hearing_day GROUP BY jurisdiction;
