"""What mitmweb and mitmproxy's console show of a flow: the conversation, the decisions, what was left out."""
