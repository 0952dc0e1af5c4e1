"""Every node against every question, trouble on top."""
