"""What goes with a release: checker's page, SACRO bundle, research object, reporting checklist."""
