"""Missing values: multiple imputation and the pooling of its results."""
