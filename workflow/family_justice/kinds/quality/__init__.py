"""The records themselves: rows of tables, what rules and checks found in them."""
