"""What the product costs and how fast it is, measured on the real server; see docs/benchmarks.md."""
