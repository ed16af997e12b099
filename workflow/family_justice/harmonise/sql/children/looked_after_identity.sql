-- Some local authorities gave their children new identifiers. One that is listed no more although its episode is open, and
-- one that is first listed in the next year with the same episode, are the same child: first day, legal status, local
-- authority, week of birth and sex agree, and no other identifier fits either. The child keeps the first identifier.

CREATE TABLE care_listing AS
WITH described AS (
    SELECT care_id, min(sex) AS sex, min(week_of_birth) AS week_of_birth
    FROM staged_care_child
    WHERE system = 'LACW'
    GROUP BY care_id
)
SELECT DISTINCT
    episode.care_id,
    episode.authority,
    episode.census_year,
    episode.episode_start,
    episode.episode_end,
    episode.status_code,
    described.sex,
    described.week_of_birth,
    min(episode.census_year) OVER (PARTITION BY episode.care_id) AS first_year,
    max(episode.census_year) OVER (PARTITION BY episode.care_id) AS last_year
FROM staged_care_episode AS episode
JOIN described USING (care_id);

CREATE TABLE care_renumbered AS
SELECT earlier_id, later_id
FROM (
    SELECT DISTINCT earlier.care_id AS earlier_id, later.care_id AS later_id
    FROM care_listing AS earlier
    JOIN care_listing AS later
        ON later.first_year = earlier.last_year + 1
        AND later.authority = earlier.authority
        AND later.episode_start = earlier.episode_start
        AND later.status_code = earlier.status_code
        AND later.sex = earlier.sex
        AND later.week_of_birth = earlier.week_of_birth
    WHERE earlier.census_year = earlier.last_year AND earlier.episode_end IS NULL AND later.census_year = later.first_year
)
QUALIFY count(*) OVER (PARTITION BY earlier_id) = 1 AND count(*) OVER (PARTITION BY later_id) = 1;

INSERT INTO counted
SELECT 'care_renumbered', 'LACW', count(DISTINCT care_id), (SELECT count(*) FROM care_renumbered)
FROM care_listing HAVING count(*) > 0;

-- A child may have been renumbered more than once: follow the identifiers back to the first.
CREATE TABLE care_first_id AS
WITH RECURSIVE back AS (
    SELECT later_id AS care_id, earlier_id AS first_id FROM care_renumbered
    UNION ALL
    SELECT back.care_id, before.earlier_id
    FROM back
    JOIN care_renumbered AS before ON before.later_id = back.first_id
)
SELECT care_id, first_id FROM back WHERE first_id NOT IN (SELECT later_id FROM care_renumbered);

UPDATE staged_care_episode SET care_id = same.first_id FROM care_first_id AS same WHERE same.care_id = staged_care_episode.care_id;
UPDATE staged_care_child SET care_id = same.first_id
FROM care_first_id AS same WHERE same.care_id = staged_care_child.care_id AND staged_care_child.system = 'LACW';
UPDATE staged_care_number SET care_id = same.first_id FROM care_first_id AS same WHERE same.care_id = staged_care_number.care_id;
UPDATE staged_child_ethnicity SET child = same.first_id
FROM care_first_id AS same WHERE same.care_id = staged_child_ethnicity.child AND staged_child_ethnicity.system = 'LACW';
