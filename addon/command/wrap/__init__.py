"""`headroom-mitm run` and `env`: a client's environment, and the client in it."""
