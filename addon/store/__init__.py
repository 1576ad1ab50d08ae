"""What outlives a request, in the state folder."""
