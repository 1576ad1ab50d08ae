"""Pure rewrites of tool outputs: text in, shorter text out, nothing known of proxies or wire formats."""
