"""Files of leads: read as they come, row by row, and enrolled."""
