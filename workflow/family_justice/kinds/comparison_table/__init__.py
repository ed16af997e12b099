"""Two groups beside each other: shares, differences, prevalence ratios and tests."""
