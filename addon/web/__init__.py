"""The addon's own pages: `http://headroom.internal/` through the proxy, and the same on a loopback port."""
