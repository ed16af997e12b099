"""The command ``family-justice``: what people type, and what it calls. Nothing of the pipeline needs it."""
