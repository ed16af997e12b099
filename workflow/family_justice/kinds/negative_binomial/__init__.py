"""Rate ratios of counts by negative binomial regression."""
