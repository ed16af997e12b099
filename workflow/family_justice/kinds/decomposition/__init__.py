"""Change of a share between two periods, split into composition and change within groups."""
