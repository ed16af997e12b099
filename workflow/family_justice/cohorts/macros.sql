-- Words of the field that cohort, event and covariate SQL can use.

-- Age in completed years on a day, from the (week of) birth; 0 before birth.
CREATE MACRO age_in_years(born, day) AS greatest(date_sub('year', born, day), 0);

-- Age in days on a day; negative before birth.
CREATE MACRO age_in_days(born, day) AS date_diff('day', born, day);

-- Financial year of a day, April to March, as 2016/17.
CREATE MACRO financial_year(day) AS
    CASE
        WHEN month(day) >= 4 THEN year(day)::VARCHAR || '/' || right((year(day) + 1)::VARCHAR, 2)
        ELSE (year(day) - 1)::VARCHAR || '/' || right(year(day)::VARCHAR, 2)
    END;

-- Calendar period of issue, in the bands of the published benchmarks' years.
CREATE MACRO issue_period_of(day) AS
    CASE
        WHEN year(day) <= 2010 THEN '2007 to 2010'
        WHEN year(day) <= 2013 THEN '2011 to 2013'
        WHEN year(day) <= 2016 THEN '2014 to 2016'
        WHEN year(day) <= 2019 THEN '2017 to 2019'
        ELSE '2020 to 2021'
    END;

-- Age band of a parent.
CREATE MACRO parent_age_band(years) AS
    CASE
        WHEN years < 20 THEN 'under 20'
        WHEN years < 25 THEN '20 to 24'
        WHEN years < 30 THEN '25 to 29'
        WHEN years < 35 THEN '30 to 34'
        ELSE '35 and over'
    END;

-- Quintile of deprivation as the reports print it.
CREATE MACRO deprivation_label(quintile) AS
    CASE quintile
        WHEN 1 THEN '1 most deprived'
        WHEN 5 THEN '5 least deprived'
        ELSE quintile::VARCHAR
    END;
