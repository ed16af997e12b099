-- The common layout: what each stage_<system>.sql fills, and what all later files read.
--
-- Identifiers are text with a prefix: E and the number in England (CMS and ECMS number people and cases alike),
-- W and the number in Wales. Application numbers of CMS and ECMS are not known to be shared: C, E and W.

CREATE TABLE staged_person (
    system        VARCHAR,   -- CMS, ECMS or Cymru
    jurisdiction  VARCHAR,   -- England or Wales
    record_id     VARCHAR,   -- E123, W123
    record_number BIGINT,    -- 123
    sex           VARCHAR,   -- female, male
    week_of_birth DATE,      -- as recorded
    linkage_field BIGINT,    -- ALF; empty if not matched
    linkage_rank  INTEGER,   -- place in linkage_statuses(); empty if not matched
    linkage_percent DOUBLE,
    lsoa_code     VARCHAR,
    family_court_field BIGINT  -- ALF2 of England: leads to the records of the court service
);

-- How a linkage field was found, the best way first. The systems of England do not say: linked.
CREATE MACRO linkage_statuses() AS ['nhs_number', 'exact', 'fuzzy', 'linked'];

CREATE TABLE staged_characteristic (
    system         VARCHAR,
    characteristic VARCHAR,  -- ethnicity, religion, nationality, language, disability
    record_id      VARCHAR,
    code           BIGINT,   -- where the meaning of codes is public (ECMS), they decide before names
    name           VARCHAR   -- mapped by the code list of the characteristic
);

CREATE VIEW staged_ethnicity AS SELECT * FROM staged_characteristic WHERE characteristic = 'ethnicity';
CREATE VIEW staged_religion AS SELECT * FROM staged_characteristic WHERE characteristic = 'religion';
CREATE VIEW staged_nationality AS SELECT * FROM staged_characteristic WHERE characteristic = 'nationality';
CREATE VIEW staged_language AS SELECT * FROM staged_characteristic WHERE characteristic = 'language';
CREATE VIEW staged_disability AS SELECT * FROM staged_characteristic WHERE characteristic = 'disability';

CREATE TABLE staged_case (
    system          VARCHAR,
    jurisdiction    VARCHAR,
    case_id         VARCHAR,
    law_type        VARCHAR,  -- public, private
    is_completed    INTEGER,
    local_authority VARCHAR,
    court_form      VARCHAR,
    received_date   DATE,
    closed_date     DATE,
    reopened_date   DATE
);

CREATE TABLE staged_application (
    system             VARCHAR,
    application_id     VARCHAR,
    application_number BIGINT,
    case_id            VARCHAR,
    type_name          VARCHAR,  -- mapped by application_types.csv
    application_date   DATE,
    received_date      DATE,
    completed_date     DATE,
    court              VARCHAR,  -- courts are recorded in several ways: names are not to be trusted
    court_level        VARCHAR,
    circuit            VARCHAR,
    dfj_area           VARCHAR   -- designated family judge area of the court
);

CREATE TABLE staged_member (
    system         VARCHAR,
    application_id VARCHAR,
    record_id      VARCHAR,
    role           VARCHAR   -- subject, respondent, applicant, other; empty if not recorded
);

-- Parents of children, and all other relatives: what the relative is to the person.
CREATE TABLE staged_parent (system VARCHAR, child_record_id VARCHAR, parent_record_id VARCHAR);
CREATE TABLE staged_relative (system VARCHAR, record_id VARCHAR, relative_record_id VARCHAR, relation VARCHAR);

CREATE TABLE staged_hearing (system VARCHAR, case_id VARCHAR, hearing_date DATE, court VARCHAR);

CREATE TABLE staged_output (
    system         VARCHAR,
    case_id        VARCHAR,
    application_id VARCHAR,   -- Cymru
    record_id      VARCHAR,   -- ECMS: the child
    type_name      VARCHAR,   -- mapped by legal_orders.csv
    output_date    DATE,
    hearing_date   DATE,      -- of the hearing at which it was made
    is_final       INTEGER,   -- as recorded; empty where the system does not say
    is_rule_16_4   INTEGER,
    recorded_for   VARCHAR    -- child, application or case
);

-- One row per rule of rules.csv and system: the quality table is made of these.
CREATE TABLE counted (rule VARCHAR, system VARCHAR, rows_before BIGINT, rows_affected BIGINT);

-- Records that name something in a look-up, and those of them whose name is not understood: a share that is too large
-- stops harmonisation. ``home`` is the column of the look-up.
CREATE TABLE understood (home VARCHAR, given BIGINT, failed BIGINT, words VARCHAR[]);

-- Names in look-up tables and code lists are compared without regard to case and outer blanks.
CREATE MACRO plain(name) AS lower(trim(name));

-- Somebody was asked and did not say: in any code list, whatever else the name of that reads like.
CREATE MACRO is_refusal(name) AS
    regexp_full_match(
        plain(name),
        '(declin\w*|refus\w*|(would |i )?(prefer|rather)s? not)( to)?( (say|answer|specify|state|disclose))?'
        || '|(information )?(not|never) (yet )?(stated|known|obtained|specified|recorded|disclosed|given|asked|available)( yet)?'
        || '|unknown|undisclosed'
    );

-- Relatives of other kinds than those that are told apart. A name that is none of these either is not understood.
CREATE MACRO is_other_relative(name) AS regexp_matches(
    plain(name),
    'aunt|uncle|cousin|niece|nephew|sibling|brother|sister|relative|family|friend|guardian|adopt|partner|wife|husband'
    || '|in.law|step|grand|carer|in care|\bson\b|daughter|\bchild'
);

-- The captions of law types and case statuses begin with these words (assumption).
CREATE MACRO law_type_of(name) AS
    CASE WHEN plain(name) LIKE 'public%' THEN 'public' WHEN plain(name) LIKE 'private%' THEN 'private' END;
CREATE MACRO is_completed_of(name) AS
    CASE
        WHEN regexp_matches(plain(name), '^(closed|complete)') THEN 1
        WHEN regexp_matches(plain(name), '^(open|re-?open|active|current|live|ongoing|allocated|pending)') THEN 0
    END;

-- 18xx was meant to be 19xx, 22xx and 29xx 20xx, 79xx 19xx. Empty if the year is none of these.
CREATE MACRO century_repaired(day) AS
    TRY(make_date(
        CASE year(day) // 100 WHEN 18 THEN 1900 WHEN 22 THEN 2000 WHEN 29 THEN 2000 WHEN 79 THEN 1900 END
            + year(day) % 100,
        month(day),
        day(day)
    ));

-- Age in completed years; -1 in the year before birth.
CREATE MACRO completed_years(born, on_day) AS
    year(on_day) - year(born)
        - CASE WHEN (month(on_day), day(on_day)) < (month(born), day(born)) THEN 1 ELSE 0 END;
