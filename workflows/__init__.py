"""What should happen: deterministic workflow code. No I/O, no clock, no randomness."""
