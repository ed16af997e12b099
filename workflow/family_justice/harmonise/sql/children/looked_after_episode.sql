-- One row per child of a local authority and start of an episode: the latest census year wins.

INSERT INTO counted
SELECT 'care_rows_read', 'LACW', count(*), 0 FROM staged_care_episode HAVING count(*) > 0
UNION ALL
SELECT 'care_row_undated', 'LACW', count(*), count(*) FILTER (WHERE episode_start IS NULL)
FROM staged_care_episode HAVING count(*) > 0;

-- Of rows of one year that differ, the later end; an open episode ends last.
CREATE TABLE care_listed AS
SELECT DISTINCT * FROM staged_care_episode WHERE episode_start IS NOT NULL;

CREATE TABLE care_latest AS
SELECT
    *,
    min(placement_code) OVER same <> max(placement_code) OVER same
        OR min(status_code) OVER same <> max(status_code) OVER same
        OR min(need_code) OVER same <> max(need_code) OVER same AS was_revised,
    min(census_year) OVER same AS first_listed
FROM care_listed
WINDOW same AS (PARTITION BY care_id, episode_start)
QUALIFY row_number() OVER (
    PARTITION BY care_id, episode_start
    ORDER BY census_year DESC, episode_end DESC NULLS FIRST, status_code, placement_code, need_code, start_code, end_code
) = 1;

INSERT INTO counted
SELECT 'duplicate_care_row', 'LACW', count(*), count(*) - (SELECT count(*) FROM care_listed)
FROM staged_care_episode WHERE episode_start IS NOT NULL HAVING count(*) > 0
UNION ALL
SELECT 'care_repeated_each_year', 'LACW', count(*), count(*) - (SELECT count(*) FROM care_latest)
FROM care_listed HAVING count(*) > 0
UNION ALL
SELECT 'care_revised_later', 'LACW', count(*), count(*) FILTER (WHERE was_revised) FROM care_latest HAVING count(*) > 0;

-- An episode without an end goes on if the last census has it. Otherwise it ends where the next one begins,
-- or on the last day on which the child was known to be looked after.
CREATE TABLE care_dated AS
SELECT
    latest.*,
    latest.episode_end IS NULL AND next_start IS NULL AND census_year = last_year AS is_ongoing,
    latest.episode_end IS NULL AND next_start IS NOT NULL AS lacks_end,
    latest.episode_end IS NULL AND next_start IS NULL AND census_year < last_year AS is_lost,
    CASE
        WHEN latest.episode_end IS NOT NULL THEN latest.episode_end
        WHEN next_start IS NOT NULL THEN next_start
        WHEN census_year < last_year THEN make_date(census_year + 1, 3, 31)
    END AS known_end
FROM (
    SELECT
        *,
        lead(episode_start) OVER (PARTITION BY care_id ORDER BY episode_start) AS next_start,
        max(census_year) OVER () AS last_year
    FROM care_latest
) AS latest;

INSERT INTO counted
SELECT 'care_ongoing', 'LACW', count(*), count(*) FILTER (WHERE is_ongoing) FROM care_dated HAVING count(*) > 0
UNION ALL
SELECT 'care_end_missing', 'LACW', count(*), count(*) FILTER (WHERE lacks_end) FROM care_dated HAVING count(*) > 0
UNION ALL
SELECT 'care_lost_to_census', 'LACW', count(*), count(*) FILTER (WHERE is_lost) FROM care_dated HAVING count(*) > 0
UNION ALL
SELECT 'care_ends_before_start', 'LACW', count(*), count(*) FILTER (WHERE known_end < episode_start)
FROM care_dated HAVING count(*) > 0;

-- History: each episode beside the latest end of those before it. An end on the day of the next start is right.
-- An end without a reason is no end of care.
CREATE TABLE care_history AS
SELECT
    *,
    CASE
        WHEN episode_start < ended_before THEN 'overlap'
        WHEN episode_start > ended_before AND start_code IS DISTINCT FROM 'S' AND coalesce(end_before, 'X1') = 'X1' THEN 'gap'
        ELSE 'consistent'
    END AS history,
    ended_before IS NULL OR start_code IS NOT DISTINCT FROM 'S'
        OR (episode_start > ended_before AND coalesce(end_before, 'X1') <> 'X1') AS begins_period
FROM (
    SELECT
        *,
        max(coalesce(known_end, DATE '9999-12-31')) OVER before AS ended_before,
        lag(end_code) OVER (PARTITION BY care_id ORDER BY episode_start) AS end_before,
        lag(status_code) OVER (PARTITION BY care_id ORDER BY episode_start) AS status_before
    FROM care_dated
    WINDOW before AS (PARTITION BY care_id ORDER BY episode_start ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
);

INSERT INTO counted
SELECT 'care_overlap', 'LACW', count(*), count(*) FILTER (WHERE history = 'overlap') FROM care_history HAVING count(*) > 0
UNION ALL
SELECT 'care_gap', 'LACW', count(*), count(*) FILTER (WHERE history = 'gap') FROM care_history HAVING count(*) > 0
UNION ALL
SELECT 'care_jump', 'LACW', count(*),
    count(*) FILTER (WHERE ended_before IS NULL AND start_code <> 'S' AND first_listed > (SELECT min(census_year) FROM care_listed))
FROM care_history HAVING count(*) > 0
UNION ALL
SELECT 'care_teleport', 'LACW', count(*), count(*) FILTER (
    WHERE NOT begins_period
        AND (start_code = 'L' AND status_code = status_before OR start_code = 'P' AND status_code <> status_before)
)
FROM care_history HAVING count(*) > 0;

CREATE TABLE care_numbered AS
SELECT
    *,
    min(episode_start) OVER (PARTITION BY care_id, period_of_care) AS period_start,
    CAST(sum(CASE WHEN begins_period OR is_move THEN 1 ELSE 0 END) OVER (
        PARTITION BY care_id, period_of_care ORDER BY episode_start
    ) AS BIGINT) AS placement_number,
    min(episode_start) OVER (PARTITION BY care_id) AS first_start
FROM (
    SELECT
        *,
        NOT begins_period AND start_code IN ('P', 'B') AS is_move,
        CAST(sum(CASE WHEN begins_period THEN 1 ELSE 0 END) OVER (PARTITION BY care_id ORDER BY episode_start) AS BIGINT)
            AS period_of_care
    FROM care_history
);

CREATE TABLE ready_looked_after_episode AS
SELECT
    episode.care_id AS looked_after_id,
    episode.episode_start,
    episode.known_end AS episode_end,
    CASE WHEN episode.is_ongoing THEN 1 ELSE 0 END AS is_ongoing,
    identity.resident_id,
    identity.person_id,
    identity.linked_by,
    identity.sex,
    identity.week_of_birth,
    coalesce(ethnicity.ethnic_group, 'Unknown') AS ethnic_group,
    authority.local_authority,
    authority.local_authority_name,
    status.category AS legal_status,
    placement.category AS placement,
    placement.is_outside AS is_outside_area,
    start_reason.category AS start_reason,
    CASE WHEN NOT episode.is_ongoing THEN end_reason.category END AS end_reason,
    need.category AS need,
    episode.period_of_care,
    episode.period_start,
    episode.placement_number,
    CASE WHEN episode.is_move THEN 1 ELSE 0 END AS is_placement_move,
    CASE WHEN episode.first_start < identity.week_of_birth THEN 1 ELSE 0 END AS starts_before_birth,
    episode.history
FROM care_numbered AS episode
JOIN care_identity AS identity USING (care_id)
LEFT JOIN child_ethnicity AS ethnicity ON ethnicity.system = 'LACW' AND ethnicity.child = episode.care_id
LEFT JOIN child_authority AS authority ON authority.code = episode.authority
LEFT JOIN care_legal_status AS status ON status.plain_name = plain(episode.status_code)
LEFT JOIN care_placements AS placement ON placement.plain_name = plain(episode.placement_code)
LEFT JOIN care_starts AS start_reason ON start_reason.plain_name = plain(episode.start_code)
LEFT JOIN care_ends AS end_reason ON end_reason.plain_name = plain(episode.end_code)
LEFT JOIN categories_of_need AS need ON need.plain_name = plain(episode.need_code);

INSERT INTO counted
SELECT 'care_legal_status_only', 'LACW', count(*), count(*) FILTER (WHERE NOT begins_period AND start_code = 'L')
FROM care_numbered HAVING count(*) > 0
UNION ALL
SELECT 'care_before_birth', 'LACW', count(DISTINCT looked_after_id),
    count(DISTINCT looked_after_id) FILTER (WHERE starts_before_birth = 1)
FROM ready_looked_after_episode HAVING count(*) > 0
UNION ALL
SELECT 'care_episodes_ready', 'LACW', count(*), 0 FROM ready_looked_after_episode HAVING count(*) > 0;
