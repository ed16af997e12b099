"""The rules for each family of results: how they are checked, entered into the ledger, and released."""
