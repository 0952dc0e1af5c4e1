"""The scenarios, each declared as a healthy cluster and the changes that make it what it is."""
