"""The processes that decide, and the pipe to them."""
