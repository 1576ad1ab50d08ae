"""Telling what a text is, and taking it apart and together again."""
