"""What is read from bundles and from files of kubectl, and how bad input is told."""
