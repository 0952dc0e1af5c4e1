"""Every route into harvdiag must tell the same story."""
