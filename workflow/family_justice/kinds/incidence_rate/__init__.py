"""Events per person-time, split by age and calendar time as these pass."""
