-- School years of pupils. A return of January or June belongs to the school year that began the year before.

-- A resident with several pupil numbers is one pupil; a number without a linkage field is a pupil of its own.
CREATE TABLE pupil_of_number AS
SELECT
    pupil_number,
    resident.resident_id,
    coalesce(resident.resident_id, 'I' || pupil_number) AS pupil_id
FROM (SELECT DISTINCT CAST(IRN_E AS VARCHAR) AS pupil_number FROM EDUW_PUPIL)
LEFT JOIN pupil_link USING (pupil_number)
LEFT JOIN child_by_field AS resident USING (linkage_field);

CREATE TABLE pupil_return AS
SELECT
    pupil.pupil_id,
    pupil.resident_id,
    row.YEAR // 100 - CASE WHEN row.YEAR % 100 >= 9 THEN 0 ELSE 1 END AS school_year,
    row.YEAR,
    row.NCYEAR,
    CAST(row.LEA AS VARCHAR) AS authority,
    row.FSMELIGIBLE,
    strpos('NAPQS', upper(trim(row.SENPROVISION))) AS provision
FROM EDUW_PUPIL AS row
JOIN pupil_of_number AS pupil ON pupil.pupil_number = CAST(row.IRN_E AS VARCHAR);

-- Attendance is returned after the school year has ended, in the calendar year of its end.
CREATE TABLE pupil_attendance AS
SELECT
    pupil.pupil_id,
    row.YEAR // 100 - 1 AS school_year,
    CAST(sum(row.SESSIONSPOSSIBLE) AS BIGINT) AS sessions_possible,
    CAST(sum(row.SESSIONSATTENDED) AS BIGINT) AS sessions_attended
FROM (SELECT DISTINCT * FROM EDUW_ATTENDANCE WHERE SESSIONSPOSSIBLE > 0) AS row
JOIN pupil_of_number AS pupil ON pupil.pupil_number = CAST(row.IRN_E AS VARCHAR)
GROUP BY pupil.pupil_id, row.YEAR // 100 - 1;

-- Free meals in any return of the year, the highest provision for special needs, all else from the latest return.
CREATE TABLE pupil_once AS
SELECT
    pupil_id,
    school_year,
    min(resident_id) AS resident_id,
    max(FSMELIGIBLE) AS has_free_school_meals,
    max(provision) AS provision,
    arg_max(NCYEAR, (YEAR, NCYEAR)) AS year_group,
    arg_max(authority, (YEAR, authority)) AS authority
FROM pupil_return
GROUP BY pupil_id, school_year;

CREATE TABLE pupil_ethnicity AS
SELECT pupil.pupil_id, min(ethnicity.ethnic_group) AS ethnic_group
FROM pupil_of_number AS pupil
JOIN child_ethnicity AS ethnicity ON ethnicity.system = 'EDUW' AND ethnicity.child = pupil.pupil_number
GROUP BY pupil.pupil_id
HAVING min(ethnicity.ethnic_group) = max(ethnicity.ethnic_group);

CREATE TABLE ready_pupil_year AS
SELECT
    pupil.pupil_id,
    pupil.school_year,
    pupil.resident_id,
    pupil.year_group,
    area.local_authority,
    coalesce(ethnicity.ethnic_group, 'Unknown') AS ethnic_group,
    pupil.has_free_school_meals,
    CASE pupil.provision
        WHEN 1 THEN 'none' WHEN 2 THEN 'school_action' WHEN 3 THEN 'school_action_plus' WHEN 4 THEN 'statement'
        WHEN 5 THEN 'statement'
    END AS special_needs,
    attendance.sessions_possible,
    attendance.sessions_attended
FROM pupil_once AS pupil
LEFT JOIN pupil_attendance AS attendance USING (pupil_id, school_year)
LEFT JOIN pupil_ethnicity AS ethnicity USING (pupil_id)
LEFT JOIN child_authority AS area ON area.code = pupil.authority;

INSERT INTO counted
SELECT 'pupil_rows_read', 'EDUW', count(*), 0 FROM EDUW_PUPIL HAVING count(*) > 0
UNION ALL
SELECT 'pupil_without_number', 'EDUW', count(*), count(*) - (SELECT count(*) FROM pupil_return) FROM EDUW_PUPIL HAVING count(*) > 0
UNION ALL
SELECT 'pupil_repeated_in_year', 'EDUW', count(*), count(*) - (SELECT count(*) FROM pupil_once) FROM pupil_return HAVING count(*) > 0
UNION ALL
SELECT 'pupil_several_numbers', 'EDUW', count(*), count(*) - count(DISTINCT pupil_id) FROM pupil_of_number HAVING count(*) > 0
UNION ALL
SELECT 'pupil_not_linked', 'EDUW', count(*), count(*) FILTER (WHERE resident_id IS NULL) FROM pupil_of_number HAVING count(*) > 0
UNION ALL
SELECT 'pupil_years_ready', 'EDUW', count(*), 0 FROM ready_pupil_year HAVING count(*) > 0;
