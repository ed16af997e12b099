"""How far a second program's answers lie from ours."""
