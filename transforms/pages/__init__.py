"""Fetched web pages as their reader sees them."""
