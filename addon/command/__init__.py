"""The command `headroom-mitm`: start, hints, trust, demo."""
