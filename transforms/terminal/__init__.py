"""What a terminal shows of what was printed to it."""
