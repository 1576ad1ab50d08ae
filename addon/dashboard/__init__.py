"""The dashboard: one page of HTML, CSS and JavaScript in this package, and the figures it asks for."""
