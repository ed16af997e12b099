-- Coded health events of residents. What cannot be placed in a life is dropped and counted; what researchers may judge
-- differently (events while not registered) is kept and marked.

CREATE TABLE health_resident AS
SELECT fields.linkage_field, resident.resident_id, resident.week_of_birth, resident.death_date
FROM resident_fields AS fields
JOIN ready_resident AS resident ON resident.resident_id = 'R' || fields.linkage_field;

-- 1. Times with a practice that supplies data: periods that touch or overlap become one.
CREATE TABLE practice_period AS
SELECT resident.resident_id, registration.START_DATE AS begins, registration.END_DATE AS ends
FROM WLGP_CLEAN_GP_REG_BY_PRAC_INCLNONSAIL_MEDIAN AS registration
LEFT JOIN health_resident AS resident ON resident.linkage_field = registration.ALF_E
WHERE registration.GP_DATA_FLAG = 1;

CREATE TABLE ready_practice_registration AS
WITH period AS (SELECT * FROM practice_period WHERE resident_id IS NOT NULL AND begins <= ends),
reached AS (
    SELECT *, max(ends) OVER (
        PARTITION BY resident_id ORDER BY begins, ends ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS reached
    FROM period
),
numbered AS (
    SELECT *, count(*) FILTER (WHERE reached IS NULL OR begins > reached + 1) OVER (
        PARTITION BY resident_id ORDER BY begins, ends ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS number
    FROM reached
)
SELECT resident_id, min(begins) AS registered_from, max(ends) AS registered_to
FROM numbered
GROUP BY resident_id, number;

INSERT INTO counted
SELECT 'practice_rows_read', 'WLGP', count(*), 0 FROM WLGP_CLEAN_GP_REG_BY_PRAC_INCLNONSAIL_MEDIAN
UNION ALL
SELECT 'practice_without_data', 'WLGP', count(*), count(*) FILTER (WHERE GP_DATA_FLAG <> 1)
FROM WLGP_CLEAN_GP_REG_BY_PRAC_INCLNONSAIL_MEDIAN
UNION ALL
SELECT 'practice_without_resident', 'WLGP', count(*), count(*) FILTER (WHERE resident_id IS NULL) FROM practice_period
UNION ALL
SELECT 'practice_ends_before_start', 'WLGP', count(*), count(*) FILTER (WHERE begins > ends)
FROM practice_period WHERE resident_id IS NOT NULL
UNION ALL
SELECT 'same_practice_registration', 'WLGP', count(*), count(*) - (SELECT count(*) FROM ready_practice_registration)
FROM practice_period WHERE resident_id IS NOT NULL AND begins <= ends
UNION ALL
SELECT 'practice_registrations_ready', 'WLGP', count(*), 0 FROM ready_practice_registration;

-- 2. One reason to drop an event, the first that applies; empty if it stays.
CREATE TABLE judged_health AS
SELECT
    staged.* EXCLUDE (linkage_field),
    resident.resident_id,
    CASE
        WHEN staged.linkage_field IS NULL THEN 'health_unlinked'
        WHEN staged.code IS NULL THEN 'health_code_unreadable'
        WHEN staged.event_date IS NULL THEN 'health_undated'
        WHEN staged.event_date <= getvariable('health_placeholder_date') THEN 'health_placeholder_date'
        WHEN resident.resident_id IS NULL THEN 'health_without_resident'
        WHEN staged.event_date < resident.week_of_birth THEN 'health_before_birth'
        WHEN staged.event_date > resident.death_date THEN 'health_after_death'
        WHEN staged.event_date > getvariable('end_of_data_wales') THEN 'health_after_data'
    END AS dropped
FROM staged_health AS staged
LEFT JOIN health_resident AS resident USING (linkage_field);

-- 3. One row per resident, day, service and code.
CREATE TABLE health_day AS
SELECT resident_id, event_date, source, code_system, code, any_value(system) AS system, count(*) AS rows
FROM judged_health
WHERE dropped IS NULL
GROUP BY resident_id, event_date, source, code_system, code;

-- 4. The code list entry of a code is the longest one that it begins with.
CREATE TABLE health_meaning AS
SELECT
    found.code_system,
    found.code,
    arg_max(list.indicator, length(list.prefix)) AS indicator,
    arg_max(list.indicator_group, length(list.prefix)) AS indicator_group
FROM (SELECT DISTINCT code_system, code FROM health_day) AS found
JOIN health_code AS list ON list.code_system = found.code_system AND starts_with(found.code, list.prefix)
GROUP BY found.code_system, found.code;

CREATE TABLE ready_health_event AS
SELECT
    event.resident_id,
    event.event_date,
    event.source,
    event.code_system,
    event.code,
    meaning.indicator,
    meaning.indicator_group,
    CASE WHEN event.source <> 'general_practice' OR registration.resident_id IS NOT NULL THEN 1 ELSE 0 END
        AS is_registered
FROM health_day AS event
LEFT JOIN health_meaning AS meaning USING (code_system, code)
LEFT JOIN ready_practice_registration AS registration
    ON registration.resident_id = event.resident_id
    AND event.event_date BETWEEN registration.registered_from AND registration.registered_to;

SET VARIABLE health_reasons = [  -- in the order in which they are tried above
    'health_unlinked', 'health_code_unreadable', 'health_undated', 'health_placeholder_date',
    'health_without_resident', 'health_before_birth', 'health_after_death', 'health_after_data'
];

INSERT INTO counted
SELECT 'health_rows_read', system, count(*), 0 FROM judged_health GROUP BY system
UNION ALL
SELECT
    reason,
    system,
    (total - coalesce(sum(affected) OVER (
        PARTITION BY system ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ), 0))::BIGINT,
    affected
FROM (
    SELECT
        reason.reason,
        reason.place,
        judged.system,
        sum(judged.rows) AS total,
        coalesce(sum(judged.rows) FILTER (WHERE judged.dropped = reason.reason), 0)::BIGINT AS affected
    FROM (SELECT system, dropped, count(*) AS rows FROM judged_health GROUP BY system, dropped) AS judged
    CROSS JOIN (
        SELECT unnest(getvariable('health_reasons')) AS reason,
            generate_subscripts(getvariable('health_reasons'), 1) AS place
    ) AS reason
    GROUP BY reason.reason, reason.place, judged.system
)
UNION ALL
SELECT 'health_episode_undated', system, count(*), count(*) FILTER (WHERE recorded_date IS NULL)
FROM judged_health WHERE dropped IS NULL GROUP BY system
UNION ALL
SELECT 'health_code_form', system, count(*), count(*) FILTER (WHERE written <> code)
FROM judged_health WHERE dropped IS NULL AND code_system IN ('icd_10', 'read_v2') GROUP BY system
UNION ALL
SELECT 'health_repeated', system, sum(rows)::BIGINT, (sum(rows) - count(*))::BIGINT FROM health_day GROUP BY system
UNION ALL
SELECT 'health_unregistered', 'WLGP', count(*), count(*) FILTER (WHERE is_registered = 0)
FROM ready_health_event WHERE source = 'general_practice'
UNION ALL
SELECT 'health_unlisted', day.system, count(*), count(*) FILTER (WHERE meaning.code IS NULL)
FROM health_day AS day LEFT JOIN health_meaning AS meaning USING (code_system, code) GROUP BY day.system
UNION ALL
SELECT 'health_events_ready', system, count(*), 0 FROM health_day GROUP BY system;
