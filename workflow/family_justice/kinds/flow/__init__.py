"""Where members are at fixed times, and how many go from where to where."""
