-- Days on which a case was heard. A hearing of a straddling case that both systems recorded falls on one day anyway.
-- Where a case was heard in several courts on one day, the day has the first of them by name. ECMS records no court.

INSERT INTO counted
SELECT 'hearing_rows_read', system, count(*), 0 FROM staged_hearing GROUP BY system
UNION ALL
SELECT 'hearing_undated', system, count(*), count(*) FILTER (WHERE hearing_date IS NULL)
FROM staged_hearing GROUP BY system
UNION ALL
SELECT 'hearing_without_case', system, count(*), count(*) FILTER (WHERE case_id NOT IN (SELECT case_id FROM retained_case))
FROM staged_hearing WHERE hearing_date IS NOT NULL GROUP BY system;

CREATE TABLE hearing_day AS
SELECT
    case_id,
    cases.jurisdiction,
    staged.hearing_date,
    count(*) AS rows,
    min(trim(staged.court)) AS court,
    count(DISTINCT plain(staged.court)) AS courts
FROM staged_hearing AS staged
JOIN retained_case AS cases USING (case_id)
WHERE staged.hearing_date IS NOT NULL
GROUP BY case_id, cases.jurisdiction, staged.hearing_date;

CREATE VIEW ready_hearing AS SELECT case_id, hearing_date, court FROM hearing_day;

INSERT INTO counted
SELECT 'hearing_repeated', jurisdiction, sum(rows)::BIGINT, (sum(rows) - count(*))::BIGINT
FROM hearing_day GROUP BY jurisdiction
UNION ALL
SELECT 'hearing_court_missing', jurisdiction, count(*), count(*) FILTER (WHERE court IS NULL)
FROM hearing_day GROUP BY jurisdiction
UNION ALL
SELECT 'hearing_in_several_courts', jurisdiction, count(*), count(*) FILTER (WHERE courts > 1)
FROM hearing_day GROUP BY jurisdiction
UNION ALL
SELECT 'hearings_ready', jurisdiction, count(*), 0 FROM hearing_day GROUP BY jurisdiction;
