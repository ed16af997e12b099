"""The parameters of the population: their form, their files, and the effects that they plant."""
