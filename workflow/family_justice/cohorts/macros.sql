-- Words of the field that cohort, event and covariate SQL can use.

-- Age in completed years on a day, from the (week of) birth; 0 before birth, empty if the birth is not known.
-- (DuckDB's greatest() passes over an empty value: an unknown birth would become age 0.)
CREATE MACRO age_in_years(born, day) AS
    CASE WHEN born IS NOT NULL AND day IS NOT NULL THEN greatest(date_sub('year', born, day), 0) END;

-- Age in days on a day; negative before birth.
CREATE MACRO age_in_days(born, day) AS date_diff('day', born, day);

-- Financial year of a day, April to March, as 2016/17.
CREATE MACRO financial_year(day) AS
    CASE
        WHEN month(day) >= 4 THEN year(day)::VARCHAR || '/' || right((year(day) + 1)::VARCHAR, 2)
        ELSE (year(day) - 1)::VARCHAR || '/' || right(year(day)::VARCHAR, 2)
    END;

-- Calendar period of issue. A year outside all periods is named as such, so that it is no level of the covariate.
CREATE MACRO issue_period_of(day) AS
    CASE
        WHEN year(day) BETWEEN 2007 AND 2010 THEN '2007 to 2010'
        WHEN year(day) BETWEEN 2011 AND 2013 THEN '2011 to 2013'
        WHEN year(day) BETWEEN 2014 AND 2016 THEN '2014 to 2016'
        WHEN year(day) BETWEEN 2017 AND 2019 THEN '2017 to 2019'
        WHEN year(day) BETWEEN 2020 AND 2021 THEN '2020 to 2021'
        WHEN day IS NOT NULL THEN 'outside all periods'
    END;

-- Age band of a parent.
CREATE MACRO parent_age_band(years) AS
    CASE
        WHEN years < 20 THEN 'under 20'
        WHEN years < 25 THEN '20 to 24'
        WHEN years < 30 THEN '25 to 29'
        WHEN years < 35 THEN '30 to 34'
        WHEN years >= 35 THEN '35 and over'
    END;

-- Quintile of deprivation as the reports print it.
CREATE MACRO deprivation_label(quintile) AS
    CASE quintile
        WHEN 1 THEN '1 most deprived'
        WHEN 5 THEN '5 least deprived'
        ELSE quintile::VARCHAR
    END;
