"""`headroom-mitm doctor`: not whether it is configured, but whether it works."""
