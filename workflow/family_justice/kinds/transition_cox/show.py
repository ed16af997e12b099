"""What is drawn and said of results of this kind."""

from __future__ import annotations

from family_justice.kinds.families.show import Ratios

SHOW = Ratios(events="Moved")
