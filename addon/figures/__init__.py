"""The numbers: one tally of what was decided, sent and billed, which every place that shows numbers reads."""
