"""`headroom-mitm certs`: an authority that can sign for LLM API hosts only, and where it is trusted."""
