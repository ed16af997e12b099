"""Types of careers: clusters of sequences of states."""
