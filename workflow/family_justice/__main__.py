"""``python -m family_justice``, which ``./family-justice`` runs in the pipeline's environment."""

import sys

from family_justice.command.parser import main

raise SystemExit(main(sys.argv[1:]))
