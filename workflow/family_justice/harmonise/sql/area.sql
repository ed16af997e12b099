-- Areas, and what rates are calculated per.

-- Quintiles within the nation. The indices of the two nations share four domains; the others are named by the nearer one.
CREATE TABLE ready_area AS
WITH domain AS (
    SELECT
        LSOA2011_CD,
        CASE DOMAIN
            WHEN 'Income' THEN 'income' WHEN 'Employment' THEN 'employment' WHEN 'Health' THEN 'health'
            WHEN 'Education' THEN 'education'
            WHEN 'Housing' THEN 'housing' WHEN 'Barriers to Housing and Services' THEN 'housing'
            WHEN 'Access to Services' THEN 'access'
            WHEN 'Physical Environment' THEN 'environment' WHEN 'Living Environment' THEN 'environment'
            WHEN 'Community Safety' THEN 'safety' WHEN 'Crime' THEN 'safety'
        END AS domain,
        DOMAIN_RANK,
        -- An extract may hold some areas of the nation only: their ranks are still those among all of it.
        greatest(
            count(*) OVER (PARTITION BY left(LSOA2011_CD, 1), DOMAIN),
            max(DOMAIN_RANK) OVER (PARTITION BY left(LSOA2011_CD, 1), DOMAIN)
        ) AS areas
    FROM LSOA_DOMAIN_RANK
),

quintile AS (
    SELECT LSOA2011_CD, domain, 1 + (5 * (DOMAIN_RANK - 1)) // areas AS quintile FROM domain
)

SELECT
    lsoa.LSOA2011_CD AS lsoa_code,
    lsoa.LA_CODE AS local_authority,
    authority.DFJ_AREA AS dfj_area,
    authority.REGION AS region,
    authority.JURISDICTION AS jurisdiction,
    lsoa.DEPRIVATION_QUINTILE AS deprivation_quintile,
    min(quintile.quintile) FILTER (WHERE quintile.domain = 'income') AS income_quintile,
    min(quintile.quintile) FILTER (WHERE quintile.domain = 'employment') AS employment_quintile,
    min(quintile.quintile) FILTER (WHERE quintile.domain = 'health') AS health_quintile,
    min(quintile.quintile) FILTER (WHERE quintile.domain = 'education') AS education_quintile,
    min(quintile.quintile) FILTER (WHERE quintile.domain = 'housing') AS housing_quintile,
    min(quintile.quintile) FILTER (WHERE quintile.domain = 'access') AS access_quintile,
    min(quintile.quintile) FILTER (WHERE quintile.domain = 'environment') AS environment_quintile,
    min(quintile.quintile) FILTER (WHERE quintile.domain = 'safety') AS safety_quintile
FROM LSOA_DEPRIVATION AS lsoa
LEFT JOIN AREA_LOCAL_AUTHORITY AS authority USING (LA_CODE)
LEFT JOIN quintile USING (LSOA2011_CD)
GROUP BY ALL;

CREATE TABLE ready_population AS
SELECT
    LA_CODE AS local_authority,
    YEAR AS year,
    AGE_BAND AS age_band,
    SEX AS sex,
    POPULATION AS population
FROM AREA_POPULATION;

CREATE TABLE ready_denominator AS
WITH people AS (
    SELECT
        LA_CODE,
        YEAR,
        sum(POPULATION)::BIGINT AS population,
        sum(POPULATION) FILTER (WHERE AGE_BAND IN ('0 to 4', '5 to 9', '10 to 14', '15 to 17'))::BIGINT AS under_18s,
        sum(POPULATION) FILTER (
            WHERE SEX = 'female' AND AGE_BAND IN ('15 to 17', '18 to 24', '25 to 34', '35 to 44')
        )::BIGINT AS women_15_to_44
    FROM AREA_POPULATION
    GROUP BY LA_CODE, YEAR
)

SELECT
    LA_CODE AS local_authority,
    YEAR AS year,
    authority.DFJ_AREA AS dfj_area,
    authority.REGION AS region,
    authority.JURISDICTION AS jurisdiction,
    people.population,
    people.under_18s,
    people.women_15_to_44,
    births.LIVE_BIRTHS AS live_births,
    family.FAMILIES AS families
FROM people
FULL JOIN AREA_LIVE_BIRTHS AS births USING (LA_CODE, YEAR)
FULL JOIN AREA_FAMILIES AS family USING (LA_CODE, YEAR)
LEFT JOIN AREA_LOCAL_AUTHORITY AS authority USING (LA_CODE);

CREATE TABLE ready_child_population AS
SELECT
    LA_CODE AS local_authority,
    YEAR AS year,
    DEPRIVATION_QUINTILE AS deprivation_quintile,
    AGE_BAND AS age_band,
    CHILDREN AS children
FROM AREA_CHILDREN;

-- What is known of local authorities; domains are named as those of small areas are.
CREATE TABLE ready_authority AS
SELECT
    authority.LA_CODE AS local_authority,
    authority.LA_NAME AS local_authority_name,
    authority.DFJ_AREA AS dfj_area,
    authority.REGION AS region,
    authority.JURISDICTION AS jurisdiction,
    min(score.SCORE) FILTER (WHERE score.DOMAIN = 'Overall') AS overall_score,
    min(score.SCORE) FILTER (WHERE score.DOMAIN = 'Income') AS income_score,
    min(score.SCORE) FILTER (WHERE score.DOMAIN = 'Employment') AS employment_score,
    min(score.SCORE) FILTER (WHERE score.DOMAIN = 'Health') AS health_score,
    min(score.SCORE) FILTER (WHERE score.DOMAIN = 'Education') AS education_score,
    min(score.SCORE) FILTER (WHERE score.DOMAIN IN ('Housing', 'Barriers to Housing and Services')) AS housing_score,
    min(score.SCORE) FILTER (WHERE score.DOMAIN = 'Access to Services') AS access_score,
    min(score.SCORE) FILTER (WHERE score.DOMAIN IN ('Physical Environment', 'Living Environment')) AS environment_score,
    min(score.SCORE) FILTER (WHERE score.DOMAIN IN ('Community Safety', 'Crime')) AS safety_score
FROM AREA_LOCAL_AUTHORITY AS authority
LEFT JOIN AREA_DEPRIVATION AS score USING (LA_CODE)
GROUP BY ALL;

CREATE TABLE ready_authority_spend AS
SELECT LA_CODE AS local_authority, YEAR AS year, SPEND_PER_CHILD AS spend_per_child FROM AREA_SPEND;

INSERT INTO counted
SELECT 'area_without_domains', jurisdiction, count(*), count(*) FILTER (WHERE income_quintile IS NULL)
FROM ready_area WHERE jurisdiction IS NOT NULL GROUP BY jurisdiction
UNION ALL
SELECT 'areas_ready', jurisdiction, count(*), 0
FROM ready_area WHERE jurisdiction IS NOT NULL GROUP BY jurisdiction
UNION ALL
SELECT 'denominators_ready', jurisdiction, count(*), 0
FROM ready_denominator WHERE jurisdiction IS NOT NULL GROUP BY jurisdiction
UNION ALL
SELECT 'populations_ready', jurisdiction, count(*), 0
FROM ready_population JOIN ready_authority USING (local_authority) WHERE jurisdiction IS NOT NULL GROUP BY jurisdiction
UNION ALL
SELECT 'child_populations_ready', jurisdiction, count(*), 0
FROM ready_child_population JOIN ready_authority USING (local_authority)
WHERE jurisdiction IS NOT NULL GROUP BY jurisdiction
UNION ALL
SELECT 'authorities_ready', jurisdiction, count(*), 0
FROM ready_authority WHERE jurisdiction IS NOT NULL GROUP BY jurisdiction
UNION ALL
SELECT 'spend_ready', jurisdiction, count(*), 0
FROM ready_authority_spend JOIN ready_authority USING (local_authority)
WHERE jurisdiction IS NOT NULL GROUP BY jurisdiction
UNION ALL
-- Ranks the other way round, and numbers in thousands.
SELECT 'quintile_against_income', jurisdiction, count(*), count(*) FILTER (
    WHERE (deprivation_quintile < 3 AND income_quintile > 3) OR (deprivation_quintile > 3 AND income_quintile < 3)
)
FROM ready_area WHERE jurisdiction IS NOT NULL AND income_quintile IS NOT NULL GROUP BY jurisdiction
UNION ALL
SELECT 'more_births_than_small_children', births.jurisdiction, count(*), count(*) FILTER (WHERE live_births > small.children)
FROM ready_denominator AS births
JOIN (
    SELECT local_authority, year, sum(population) AS children
    FROM ready_population WHERE age_band = '0 to 4' GROUP BY local_authority, year
) AS small USING (local_authority, year)
WHERE births.jurisdiction IS NOT NULL AND live_births IS NOT NULL GROUP BY births.jurisdiction;
