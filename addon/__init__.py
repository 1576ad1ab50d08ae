"""The mitmproxy addon: settings, wire shapes, the way of a request, and where its decisions can be read."""
