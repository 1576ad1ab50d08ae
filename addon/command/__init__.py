"""The command `headroom-mitm`: start, wrap a client, look for what is wrong, keep certificates and state, demo."""
