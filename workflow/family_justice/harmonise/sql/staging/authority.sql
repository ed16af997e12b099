-- Local authorities are named or coded.
CREATE TABLE authority_word AS
SELECT word, min(LA_CODE) AS la_code  -- a word that two authorities have means neither
FROM (
    SELECT plain(LA_CODE) AS word, LA_CODE FROM AREA_LOCAL_AUTHORITY
    UNION ALL
    SELECT plain(LA_NAME), LA_CODE FROM AREA_LOCAL_AUTHORITY WHERE LA_NAME IS NOT NULL
)
GROUP BY word
HAVING count(DISTINCT LA_CODE) = 1;
