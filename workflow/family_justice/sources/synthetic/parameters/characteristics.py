"""Parameters of the recorded characteristics of people other than ethnicity."""

from __future__ import annotations

from typing import Annotated

from family_justice.sources.synthetic.parameters.types import Leaf, Share, Shares, Strict, exactly

#: Names as the look-ups of the systems hold them.
RELIGIONS = ("No religion", "Christian", "Buddhist", "Hindu", "Jewish", "Muslim", "Sikh", "Other")
NATIONALITIES = ("British", "Irish", "Polish", "Romanian", "Lithuanian", "Portuguese", "Other")
LANGUAGES = ("English", "Welsh", "British Sign Language", "Other")
DISABILITIES = (
    "None", "Learning disability", "Mental health condition", "Mobility impairment", "Long-standing illness",
    "Hearing impairment", "Visual impairment", "Other",
)  # fmt: skip
KINDS = ("religion", "nationality", "language", "disability")


class Characteristics(Strict):
    """Religion, nationality, language and disability, and how often each is recorded."""

    religions: Leaf[Annotated[Shares, exactly(RELIGIONS)]]
    nationalities: Leaf[Annotated[Shares, exactly(NATIONALITIES)]]
    languages: Leaf[Annotated[Shares, exactly(LANGUAGES)]]
    disabilities: Leaf[Annotated[Shares, exactly(DISABILITIES)]]
    recorded: Leaf[Annotated[dict[str, Share], exactly(KINDS)]]
    recorded_as_unknown: Leaf[Share]
    second_value: Leaf[Share]
