"""JSON: records as tables, and which rows may be left out."""
