-- The Welsh Demographic Service -> residents, where they lived, and when they were registered with a practice.
--
-- A resident is a linkage field. Entries of the register that were not linked (status 99, or without a status) are nobody.

CREATE TABLE register_entry AS
SELECT
    PERS_ID_E AS entry_id,
    CASE WHEN ALF_STS_CD <> '99' THEN ALF_E END AS linkage_field,
    -- The meaning of 1, 4, 35 and 39 is an assumption.
    CASE WHEN ALF_STS_CD = '1' THEN 1 WHEN ALF_STS_CD = '4' THEN 2 WHEN ALF_STS_CD IN ('35', '39') THEN 3 ELSE 4 END
        AS linkage_rank,
    ALF_MTCH_PCT AS match_probability,
    CASE GNDR_CD WHEN 1 THEN 'male' WHEN 2 THEN 'female' END AS sex,
    coalesce(century_repaired(WOB), WOB) AS week_of_birth,
    DOD AS death_date
FROM WDSD_AR_PERS;

-- A resident of two sexes or weeks of birth keeps neither. The register of deaths goes before the register of patients.
CREATE TABLE resident_fields AS
WITH entry AS (
    SELECT
        linkage_field,
        CASE WHEN min(sex) = max(sex) THEN min(sex) END AS sex,
        coalesce(min(sex) <> max(sex), false) AS sex_disagrees,
        CASE WHEN min(week_of_birth) = max(week_of_birth) THEN min(week_of_birth) END AS week_of_birth,
        coalesce(min(week_of_birth) <> max(week_of_birth), false) AS week_disagrees,
        min(death_date) AS death_date,
        min(linkage_rank) AS linkage_rank,
        max(match_probability) AS match_probability,
        count(*) AS entries
    FROM register_entry
    WHERE linkage_field IS NOT NULL
    GROUP BY linkage_field
),

death AS (SELECT ALF_E AS linkage_field, min(DEATH_DT) AS death_date FROM ADDE_DEATHS GROUP BY ALF_E)

SELECT
    entry.* EXCLUDE (death_date),
    coalesce(death.death_date, entry.death_date) AS known_death,
    -- A death before the week of birth belongs to somebody else, and must not end addresses and registrations.
    CASE WHEN NOT coalesce(known_death < entry.week_of_birth, false) THEN known_death END AS death_date
FROM entry
LEFT JOIN death USING (linkage_field);

INSERT INTO counted
SELECT 'register_rows_read', 'Wales', count(*), 0 FROM register_entry
UNION ALL
SELECT 'register_entry_unlinked', 'Wales', count(*), count(*) FILTER (WHERE linkage_field IS NULL) FROM register_entry
UNION ALL
SELECT 'same_resident', 'Wales', coalesce(sum(entries), 0)::BIGINT, coalesce(sum(entries - 1), 0)::BIGINT
FROM resident_fields
UNION ALL
SELECT 'resident_sex_disagrees', 'Wales', count(*), count(*) FILTER (WHERE sex_disagrees) FROM resident_fields
UNION ALL
SELECT 'resident_week_disagrees', 'Wales', count(*), count(*) FILTER (WHERE week_disagrees) FROM resident_fields
UNION ALL
SELECT 'resident_death_before_birth', 'Wales', count(*), count(*) FILTER (WHERE known_death IS NOT NULL AND death_date IS NULL)
FROM resident_fields;

-- Residence. Rows of one spell are repeated, spells of several entries of a resident come together here.
CREATE TABLE residence_read AS
SELECT
    entry.linkage_field,
    address.RALF_E AS dwelling,
    address.LSOA2011_CD AS lsoa_code,
    address.FROM_DT AS start_date,
    least(coalesce(address.TO_DT, getvariable('end_of_data_wales')), getvariable('end_of_data_wales')) AS end_date
FROM WDSD_AR_PERS_ADD AS address
LEFT JOIN register_entry AS entry ON entry.entry_id = address.PERS_ID_E;

CREATE TABLE residence_spell AS
SELECT spell.*, resident.death_date
FROM (SELECT DISTINCT * FROM residence_read WHERE linkage_field IS NOT NULL) AS spell
JOIN resident_fields AS resident USING (linkage_field);

-- A later address holds from its first day; short gaps belong to the address before.
CREATE TABLE residence_clean AS
WITH alive AS (
    SELECT
        * REPLACE (CASE WHEN end_date > death_date THEN death_date ELSE end_date END AS end_date),
        coalesce(end_date > death_date, false) AS outlasts_death
    FROM residence_spell
    WHERE start_date <= end_date AND NOT coalesce(start_date > death_date, false)
),

followed AS (
    SELECT
        *,
        lead(start_date) OVER (
            PARTITION BY linkage_field ORDER BY start_date, end_date, dwelling NULLS FIRST, lsoa_code NULLS FIRST
        ) AS next_start
    FROM alive
),

ended AS (
    SELECT
        * REPLACE (CASE WHEN next_start <= end_date THEN next_start - 1 ELSE end_date END AS end_date),
        coalesce(next_start <= end_date, false) AS is_overlapped
    FROM followed
),

kept AS (
    SELECT
        * EXCLUDE (next_start),
        lead(start_date) OVER (PARTITION BY linkage_field ORDER BY start_date) AS next_start
    FROM ended
    WHERE start_date <= end_date
)

SELECT
    * REPLACE (
        CASE
            WHEN next_start - end_date - 1 <= getvariable('max_residence_gap_days') THEN next_start - 1 ELSE end_date
        END AS end_date
    ),
    coalesce(next_start - end_date - 1 BETWEEN 1 AND getvariable('max_residence_gap_days'), false) AS gap_is_closed,
    coalesce(next_start - end_date - 1 > getvariable('max_residence_gap_days'), false) AS gap_remains
FROM kept;

CREATE TABLE ready_residence AS
SELECT
    'R' || spell.linkage_field AS resident_id,
    spell.start_date,
    spell.end_date,
    'H' || spell.dwelling AS household_id,
    spell.lsoa_code,
    area.LA_CODE AS local_authority,
    area.DEPRIVATION_QUINTILE AS deprivation_quintile
FROM residence_clean AS spell
LEFT JOIN LSOA_DEPRIVATION AS area ON area.LSOA2011_CD = spell.lsoa_code;

INSERT INTO counted
SELECT 'residence_rows_read', 'Wales', count(*), 0 FROM residence_read
UNION ALL
SELECT 'residence_without_resident', 'Wales', count(*), count(*) FILTER (WHERE linkage_field IS NULL) FROM residence_read
UNION ALL
SELECT 'residence_repeated', 'Wales', count(*), count(*) - (SELECT count(*) FROM residence_spell)
FROM residence_read WHERE linkage_field IS NOT NULL
UNION ALL
SELECT 'residence_ends_before_start', 'Wales', count(*), count(*) FILTER (WHERE start_date > end_date)
FROM residence_spell
UNION ALL
SELECT 'residence_after_death', 'Wales', count(*), count(*) FILTER (WHERE start_date > death_date)
FROM residence_spell WHERE start_date <= end_date
UNION ALL
SELECT 'residence_same_start', 'Wales', count(*), count(*) - (SELECT count(*) FROM residence_clean)
FROM residence_spell WHERE start_date <= end_date AND NOT coalesce(start_date > death_date, false)
UNION ALL
SELECT 'residence_outlasts_death', 'Wales', count(*), count(*) FILTER (WHERE outlasts_death) FROM residence_clean
UNION ALL
SELECT 'residence_overlaps', 'Wales', count(*), count(*) FILTER (WHERE is_overlapped) FROM residence_clean
UNION ALL
SELECT 'residence_gap_closed', 'Wales', count(*), count(*) FILTER (WHERE gap_is_closed) FROM residence_clean
UNION ALL
SELECT 'residence_gap', 'Wales', count(*), count(*) FILTER (WHERE gap_remains) FROM residence_clean
UNION ALL
SELECT 'residences_ready', 'Wales', count(*), 0 FROM ready_residence;

-- Registration with any practice: spells that touch, overlap or leave a short gap are one.
CREATE TABLE registration_read AS
SELECT
    resident.linkage_field,
    registration.ACTIVEFROM AS start_date,
    least(coalesce(registration.ACTIVETO, getvariable('end_of_data_wales')), getvariable('end_of_data_wales'))
        AS end_date,
    coalesce(
        resident.death_date,
        CASE WHEN NOT coalesce(registration.DEATH_DT < resident.week_of_birth, false) THEN registration.DEATH_DT END
    ) AS death_date
FROM WDSD_PER_RESIDENCE_GPREG AS registration
LEFT JOIN resident_fields AS resident ON resident.linkage_field = registration.ALF_E;

CREATE TABLE registration_clean AS
WITH alive AS (
    SELECT
        * REPLACE (CASE WHEN end_date > death_date THEN death_date ELSE end_date END AS end_date),
        coalesce(end_date > death_date, false) AS outlasts_death
    FROM registration_read
    WHERE linkage_field IS NOT NULL AND start_date <= end_date AND NOT coalesce(start_date > death_date, false)
),

reached AS (
    SELECT
        *,
        max(end_date) OVER (
            PARTITION BY linkage_field ORDER BY start_date, end_date
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS covered_to
    FROM alive
)

SELECT
    *,
    sum(
        CASE WHEN start_date - covered_to - 1 <= getvariable('max_residence_gap_days') THEN 0 ELSE 1 END
    ) OVER (PARTITION BY linkage_field ORDER BY start_date, end_date ROWS UNBOUNDED PRECEDING) AS number
FROM reached;

CREATE TABLE ready_registration AS
SELECT 'R' || linkage_field AS resident_id, min(start_date) AS start_date, max(end_date) AS end_date
FROM registration_clean
GROUP BY linkage_field, number;

INSERT INTO counted
SELECT 'registration_rows_read', 'Wales', count(*), 0 FROM registration_read
UNION ALL
SELECT 'registration_without_resident', 'Wales', count(*), count(*) FILTER (WHERE linkage_field IS NULL)
FROM registration_read
UNION ALL
SELECT 'registration_impossible', 'Wales', count(*),
    count(*) FILTER (WHERE start_date > end_date OR coalesce(start_date > death_date, false))
FROM registration_read WHERE linkage_field IS NOT NULL
UNION ALL
SELECT 'registration_outlasts_death', 'Wales', count(*), count(*) FILTER (WHERE outlasts_death) FROM registration_clean
UNION ALL
SELECT 'same_registration', 'Wales', count(*), count(*) - (SELECT count(*) FROM ready_registration)
FROM registration_clean
UNION ALL
SELECT 'registrations_ready', 'Wales', count(*), 0 FROM ready_registration;

CREATE TABLE ready_resident AS
WITH person AS (
    SELECT linkage_field, min(person_id) AS person_id
    FROM ready_person_identifier
    WHERE system = 'Cymru' AND linkage_field IS NOT NULL
    GROUP BY linkage_field
),

registration AS (
    SELECT resident_id, min(start_date) AS registered_from, max(end_date) AS registered_to
    FROM ready_registration
    GROUP BY resident_id
),

home AS (
    SELECT resident_id, arg_max((lsoa_code, deprivation_quintile), start_date) AS last
    FROM ready_residence
    GROUP BY resident_id
)

SELECT
    'R' || resident.linkage_field AS resident_id,
    person.person_id,
    resident.sex,
    resident.week_of_birth,
    home.last[1] AS lsoa_code,
    home.last[2] AS deprivation_quintile,
    registration.registered_from,
    registration.registered_to,
    resident.death_date,
    linkage_statuses()[resident.linkage_rank] AS linkage_status,
    100 * resident.match_probability AS linkage_percent
FROM resident_fields AS resident
LEFT JOIN person USING (linkage_field)
LEFT JOIN registration ON registration.resident_id = 'R' || resident.linkage_field
LEFT JOIN home ON home.resident_id = 'R' || resident.linkage_field;

INSERT INTO counted
SELECT 'resident_never_registered', 'Wales', count(*), count(*) FILTER (WHERE registered_from IS NULL)
FROM ready_resident
UNION ALL
SELECT 'resident_without_home', 'Wales', count(*), count(*) FILTER (WHERE lsoa_code IS NULL) FROM ready_resident
UNION ALL
SELECT 'linked_person_not_resident', 'Wales', count(*),
    count(*) FILTER (WHERE linkage_field NOT IN (SELECT linkage_field FROM resident_fields))
FROM (
    SELECT DISTINCT linkage_field FROM ready_person_identifier WHERE system = 'Cymru' AND linkage_field IS NOT NULL
)
UNION ALL
SELECT 'resident_of_other_sex', 'Wales', count(*), count(*) FILTER (WHERE resident.sex <> person.sex)
FROM ready_resident AS resident JOIN ready_person AS person USING (person_id)
WHERE resident.sex IS NOT NULL AND person.sex IS NOT NULL
UNION ALL
SELECT 'resident_of_other_week', 'Wales', count(*),
    count(*) FILTER (WHERE abs(resident.week_of_birth - person.week_of_birth) > getvariable('max_birth_gap_days'))
FROM ready_resident AS resident JOIN ready_person AS person USING (person_id)
WHERE resident.week_of_birth IS NOT NULL AND person.week_of_birth IS NOT NULL
UNION ALL
SELECT 'residents_ready', 'Wales', count(*), 0 FROM ready_resident;
