"""What the product costs and how fast it is, measured for real: see docs/benchmarks.md."""
