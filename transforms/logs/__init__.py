"""Logs: what repeats is said once, what is routine may be left out."""
