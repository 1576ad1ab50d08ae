"""Listings of files and folders."""
