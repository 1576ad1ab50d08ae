"""Snapshots of web pages, as browser tools print them for agents."""
