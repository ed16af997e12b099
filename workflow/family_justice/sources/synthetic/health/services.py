"""Emergency departments, outpatient clinics and substance misuse treatment."""

from __future__ import annotations

import numpy as np

from family_justice.sources.synthetic.clock import NULL, Streams, completed_years, to_day
from family_justice.sources.synthetic.health.codes import draw_codes
from family_justice.sources.synthetic.health.events import Events
from family_justice.sources.synthetic.health.hospital import PROVIDERS, provider
from family_justice.sources.synthetic.health.linkage import Linkage, label_linkage, linked_columns
from family_justice.sources.synthetic.health.parameters import CODED
from family_justice.sources.synthetic.parameters.model import Parameters
from family_justice.sources.synthetic.people.residents import Residents
from family_justice.sources.synthetic.systems.records import Defects
from family_justice.sources.synthetic.tables import Columns, Words, sort_by, take

ATTENDANCES, CASES, APPOINTMENTS, TREATMENTS = 500_000_000, 520_000_000, 540_000_000, 560_000_000
SEXES = ("1", "2")
ATTENDED = ("5", "6", "3", "2")
CLINICS = ("100", "110", "300", "330", "420", "502", "710")
CLINIC_DIAGNOSES = ("L20", "J45", "M54", "G43", "N92", "K58")


def emergency_table(
    parameters: Parameters, residents: Residents, events: Events, linkage: Linkage, defects: Defects, streams: Streams
) -> Columns:
    """Return attendances at emergency departments; a few stand twice under two numbers."""
    health, random = parameters.health, streams("health emergency")
    rows = events.of(*CODED["emergency_group"])
    who, day, kind = events.resident[rows], events.day[rows], events.kind[rows]
    size = len(rows)
    number = ATTENDANCES + 1 + random.permutation(size)
    linked, missing, wrong = linked_columns(residents, who, linkage, health.defects, random)
    label_linkage(defects, "EDDS_EDDS", missing, wrong, RECORD_ID_E=number)
    codes = health.codes
    group = draw_codes(codes.emergency_group.value, kind, random)
    diagnosis = draw_codes(codes.emergency_diagnosis.value, kind, random)
    known = random.random(size) >= health.services.emergency_diagnosis_missing.value
    columns: Columns = {
        "RECORD_ID_E": number,
        **linked,
        "ADMIN_ARR_DT": day,
        "ADMIN_END_DT": day + (random.random(size) < 0.1),
        "AGE": np.maximum(completed_years(residents.week_of_birth[who], day), 0),
        "SEX": Words(residents.sex[who], SEXES),
        "ARRIVAL_MODE": Words((random.random(size) >= 0.25).astype(np.int64), ("1", "2")),
        "ATTEND_CAT": Words((random.random(size) >= 0.95).astype(np.int64), ("1", "3")),
        "ATTEND_GROUP": group,
        "DIAG_CD_1": Words(np.where(known, diagnosis.code, -1), diagnosis.words),
        "DIAG_CD_2": Words(np.full(size, -1), diagnosis.words),
    }
    twice = np.flatnonzero(random.random(size) < health.defects.duplicate_event.value)
    both = take(columns, np.concatenate([np.arange(size), twice]))
    numbers = np.concatenate([number, ATTENDANCES + size + 1 + np.arange(len(twice))])
    defects.add("duplicate_event", "EDDS_EDDS", RECORD_ID_E=numbers[size:])
    return sort_by({**both, "RECORD_ID_E": numbers}, "RECORD_ID_E")


def outpatient_tables(
    parameters: Parameters, residents: Residents, events: Events, linkage: Linkage, defects: Defects, streams: Streams
) -> dict[str, Columns]:
    """Return appointments, and the diagnoses of the few that have any."""
    health, random = parameters.health, streams("health outpatients")
    rows = events.of("outpatient")
    who, day, size = events.resident[rows], events.day[rows], len(rows)
    appointment = APPOINTMENTS + 1 + random.permutation(size)
    linked, missing, wrong = linked_columns(residents, who, linkage, health.defects, random)
    label_linkage(defects, "OPDW_OUTPATIENTS", missing, wrong, ATT_ID_E=appointment)
    attended = random.random(size) < health.services.outpatient_attended.value
    other = random.integers(0, 2, size)
    late = random.random(size) < 0.03
    columns: Columns = {
        "PROV_UNIT_CD": Words(provider(residents, who), PROVIDERS),
        "CASE_REC_NUM_E": CASES + 1 + who,
        "ATT_ID_E": appointment,
        "ATTEND_DT": day,
        **linked,
        "ATTEND_CD": Words(np.where(attended, late.astype(np.int64), 2 + other), ATTENDED),
        "TREAT_SPEC_CD": Words(random.integers(0, len(CLINICS), size), CLINICS),
    }
    coded = np.flatnonzero(attended & (random.random(size) < health.services.outpatient_diagnosis.value))
    chosen = take(columns, coded)
    diagnoses: Columns = {
        **{name: chosen[name] for name in ("PROV_UNIT_CD", "CASE_REC_NUM_E", "ATT_ID_E")},
        "DIAG_NUM": np.ones(len(coded), dtype=np.int64),
        "DIAG_CD_123": Words(random.integers(0, len(CLINIC_DIAGNOSES), len(coded)), CLINIC_DIAGNOSES),
        "DIAG_CD_4": Words(random.integers(-1, 2, len(coded)), ("9", "8")),
    }
    keys = ("PROV_UNIT_CD", "CASE_REC_NUM_E", "ATT_ID_E")
    return {"OPDW_OUTPATIENTS": sort_by(columns, *keys), "OPDW_OUTPATIENTS_DIAG": sort_by(diagnoses, *keys)}


def treatment_table(
    parameters: Parameters, residents: Residents, events: Events, linkage: Linkage, defects: Defects, streams: Streams
) -> Columns:
    """Return treatment episodes of adults for substance misuse; not every referral leads to treatment."""
    health, random = parameters.health, streams("health treatment")
    rows = events.recorded(health.services, "substance_treatment", "substance_use")
    who, day, size = events.resident[rows], events.day[rows], len(rows)
    number = TREATMENTS + 1 + random.permutation(size)
    linked, missing, wrong = linked_columns(residents, who, linkage, health.defects, random)
    label_linkage(defects, "SMDS_TREATMENT_EPISODE", missing, wrong, EPISODE_ID_E=number)
    last = to_day(parameters.calendar.wales_end.value)
    begun = day + random.integers(0, 40, size)
    days = health.services.median_days_of_treatment.value * np.exp(0.8 * random.standard_normal(size))
    ended = begun + days.astype(np.int64)
    treated = (random.random(size) < health.services.treatment_begun.value) & (begun <= last)
    columns: Columns = {
        "EPISODE_ID_E": number,
        **linked,
        "REFERRAL_DT": day,
        "TREATMENT_START_DT": np.where(treated, begun, NULL),
        "TREATMENT_END_DT": np.where(treated & (ended <= last), ended, NULL),
        "PRIMARY_SUBSTANCE": draw_codes(health.codes.substance.value, events.kind[rows], random),
    }
    return sort_by(columns, "EPISODE_ID_E")
