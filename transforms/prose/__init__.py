"""Which passages of long prose are worth keeping, by a model of the user's own."""
