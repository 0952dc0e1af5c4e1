"""The ways out of a finding: what a person may do about it, one function for each."""
