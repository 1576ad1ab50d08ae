"""The wire shapes of the APIs, read in place."""
