"""Real agents from the package registries, against a stand-in for the LLM APIs, through the proxy."""
