"""``python -m family_justice``, which ``./family-justice`` runs in the pipeline's environment."""

from family_justice.command.parser import main

raise SystemExit(main())
