"""Search results: grouped by file, repeated forms left out."""
