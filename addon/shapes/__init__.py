"""The wire shapes of the three APIs, read in place."""
