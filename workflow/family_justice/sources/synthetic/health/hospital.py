"""Hospital stays: spells, episodes, diagnoses and operations."""

from __future__ import annotations

import numpy as np

from family_justice.sources.synthetic.clock import NULL, Ints, Streams, to_day
from family_justice.sources.synthetic.health.codes import draw_codes, written_codes
from family_justice.sources.synthetic.health.events import KIND, Events
from family_justice.sources.synthetic.health.linkage import Linkage, label_linkage, linked_columns, words_of
from family_justice.sources.synthetic.health.parameters import CODED, CONDITIONS
from family_justice.sources.synthetic.parameters.model import Parameters
from family_justice.sources.synthetic.people.residents import Residents
from family_justice.sources.synthetic.systems.records import Defects
from family_justice.sources.synthetic.tables import Columns, Words, sort_by, take

SPELL_NUMBERS = 400_000_000
#: Health boards as providers (codes of the NHS in Wales); a local authority is in one of them (assumption).
PROVIDERS = ("7A1", "7A2", "7A3", "7A4", "7A5", "7A6", "7A7")
METHODS = ("11", "21", "22", "31")
ELECTIVE, BY_EMERGENCY, BY_PRACTITIONER, MATERNITY = range(4)
SPECIALTIES = ("100", "110", "300", "420", "501", "710")
GENERAL, TRAUMA, MEDICINE, PAEDIATRICS, OBSTETRICS, PSYCHIATRY = range(6)
EPISODES = ("01", "02")
#: Median length of stay in days by kind; others one day.
LENGTHS = {
    "severe_mental_illness": 25, "depression": 10, "psychiatric_admission": 15, "substance_use": 4, "delivery": 2,
}  # fmt: skip
#: A second diagnosis of severe mental illness is rarer than the external cause of an injury, which is always there.
SECOND_OF_SEVERE = 0.2
#: Share of episodes with an operation, of the kinds that may have one.
OPERATED = 0.6


def provider(residents: Residents, who: Ints) -> Ints:
    """Return the provider of residents as a place in PROVIDERS."""
    return residents.area[who] % len(PROVIDERS)


def admitted_rows(parameters: Parameters, events: Events, random: np.random.Generator) -> Ints:
    """Return the events that lead to a stay in hospital; of self-harm seen in an emergency department a share."""
    services = parameters.health.services
    rows = events.recorded(services, "admission", *CODED["admission"])
    self_harm = events.kind[rows] == KIND["self_harm_emergency"]
    return rows[~self_harm | (random.random(len(rows)) < services.self_harm_admitted.value)]


def hospital_tables(
    parameters: Parameters, residents: Residents, events: Events, linkage: Linkage, defects: Defects, streams: Streams
) -> dict[str, Columns]:
    """Return the tables of hospital stays, with their planted defects."""
    health, random = parameters.health, streams("health admissions")
    rows = admitted_rows(parameters, events, random)
    who, day, kind = events.resident[rows], events.day[rows], events.kind[rows]
    size = len(rows)
    unit, number = provider(residents, who), SPELL_NUMBERS + 1 + random.permutation(size)
    median = np.ones(max(KIND.values()) + 1)
    median[[KIND[name] for name in LENGTHS]] = list(LENGTHS.values())
    stay = np.floor(median[kind] * np.exp(0.6 * random.standard_normal(size))).astype(np.int64)
    last = to_day(parameters.calendar.wales_end.value)
    out = np.where(residents.death[who] == NULL, day + stay, np.minimum(day + stay, residents.death[who]))
    specialty = _specialty(kind, random)
    linked, missing, wrong = linked_columns(residents, who, linkage, health.defects, random)
    spells: Columns = {
        "PROV_UNIT_CD": Words(unit, PROVIDERS),
        "SPELL_NUM_E": number,
        **linked,
        "GNDR_CD": residents.sex[who] + 1,
        "ADMIS_DT": day,
        "ADMIS_MTHD_CD": Words(_method(kind, random), METHODS),
        "ADMIS_SPEC_CD": Words(specialty, SPECIALTIES),
        "DISCH_DT": np.where(out <= last, out, NULL),
        "DISCH_MTHD_CD": Words(np.where(out > last, -1, np.where(out == residents.death[who], 2, 0)), ("1", "2", "4")),
    }
    label_linkage(defects, "PEDW_SPELL", missing, wrong, SPELL_NUM_E=number)

    # Most stays are one episode; where there are two the stay is cut in half.
    half = day + stay // 2
    divided = (random.random(size) < health.services.second_episode.value) & (stay > 1) & (half <= last)
    second = np.flatnonzero(divided)
    spell = np.concatenate([np.arange(size), second])
    begin = np.concatenate([day, half[second]])
    end = np.concatenate([out, out[second]])
    end[second] = np.minimum(half, out)[second]
    begin = np.minimum(begin, end)
    episode = np.repeat([0, 1], [size, len(second)])
    dateless = np.flatnonzero(random.random(len(spell)) < health.defects.episode_date_missing.value)
    _label_episodes(defects, "episode_date_missing", number[spell], episode, dateless)
    begin[dateless] = NULL
    episodes: Columns = {
        "PROV_UNIT_CD": Words(unit[spell], PROVIDERS),
        "SPELL_NUM_E": number[spell],
        "EPI_NUM": Words(episode, EPISODES),
        "EPI_STR_DT": begin,
        "EPI_END_DT": np.where(end <= last, end, NULL),
        "CON_SPEC_MAIN_CD": Words(specialty[spell], SPECIALTIES),
    }
    uncoded = random.random(len(spell)) < health.defects.diagnosis_missing.value
    _label_episodes(defects, "diagnosis_missing", number[spell], episode, np.flatnonzero(uncoded))
    coded = np.flatnonzero(~uncoded)
    return {
        "PEDW_SPELL": sort_by(spells, "PROV_UNIT_CD", "SPELL_NUM_E"),
        "PEDW_EPISODE": sort_by(episodes, "PROV_UNIT_CD", "SPELL_NUM_E", "EPI_NUM"),
        "PEDW_DIAG": _diagnoses(parameters, take(episodes, coded), kind[spell[coded]], random),
        "PEDW_OPER": _operations(parameters, take(episodes, coded), kind[spell[coded]], random),
    }


def _label_episodes(defects: Defects, name: str, spell: Ints, episode: Ints, rows: Ints) -> None:
    defects.add(name, "PEDW_EPISODE", SPELL_NUM_E=spell[rows], EPI_NUM=words_of(Words(episode[rows], EPISODES)))


def _specialty(kind: Ints, random: np.random.Generator) -> Ints:
    specialty = np.where(random.random(len(kind)) < 0.5, GENERAL, MEDICINE)
    for name in (*CONDITIONS[:3], "psychiatric_admission"):
        specialty[kind == KIND[name]] = PSYCHIATRY
    specialty[kind == KIND["injury_admission"]] = TRAUMA
    specialty[kind == KIND["delivery"]] = OBSTETRICS
    return specialty


def _method(kind: Ints, random: np.random.Generator) -> Ints:
    """Injuries and self-harm come by the emergency department, where they have an attendance; births are their own."""
    method = np.where(random.random(len(kind)) < 0.5, ELECTIVE, BY_PRACTITIONER)
    for name in ("self_harm_emergency", "injury_admission"):
        method[kind == KIND[name]] = BY_EMERGENCY
    method[kind == KIND["delivery"]] = MATERNITY
    return method


def _diagnoses(parameters: Parameters, episodes: Columns, kind: Ints, random: np.random.Generator) -> Columns:
    health = parameters.health
    first = draw_codes(health.codes.admission.value, kind, random)
    other = draw_codes(health.codes.admission_second.value, kind, random)
    rare = (kind == KIND["severe_mental_illness"]) & (random.random(len(kind)) >= SECOND_OF_SEVERE)
    there = np.flatnonzero((other.code >= 0) & ~rare)
    words = [*first.words, *other.words]
    code = np.concatenate([first.code, other.code[there] + len(first.words)])
    rows = np.concatenate([np.arange(len(kind)), there])
    rates = health.defects
    written = written_codes(Words(code, words), rates.fourth_character_missing.value, rates.unusual_form.value, random)
    columns: Columns = {
        **{name: take(episodes, rows)[name] for name in ("PROV_UNIT_CD", "SPELL_NUM_E", "EPI_NUM")},
        "DIAG_NUM": np.repeat([1, 2], [len(kind), len(there)]),
        **dict(zip(("DIAG_CD", "DIAG_CD_123", "DIAG_CD_1234"), written, strict=True)),
    }
    return sort_by(columns, "PROV_UNIT_CD", "SPELL_NUM_E", "EPI_NUM", "DIAG_NUM")


def _operations(parameters: Parameters, episodes: Columns, kind: Ints, random: np.random.Generator) -> Columns:
    codes = draw_codes(parameters.health.codes.operation.value, kind, random)
    rows = np.flatnonzero((codes.code >= 0) & (random.random(len(kind)) < OPERATED))
    columns: Columns = {
        **{name: take(episodes, rows)[name] for name in ("PROV_UNIT_CD", "SPELL_NUM_E", "EPI_NUM")},
        "OPER_NUM": np.ones(len(rows), dtype=np.int64),
        "OPER_CD": Words(codes.code[rows], codes.words),
    }
    return sort_by(columns, "PROV_UNIT_CD", "SPELL_NUM_E", "EPI_NUM")
