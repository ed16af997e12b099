"""What a reader of the data is given: dictionary, guide, catalogue entries, diagram."""
