"""What the lines of a bundle's logs tell."""
