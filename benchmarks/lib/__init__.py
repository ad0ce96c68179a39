"""What the benchmarks share: sets, contenders, judges, reports."""
