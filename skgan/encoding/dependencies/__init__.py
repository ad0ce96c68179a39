"""Dependencies between columns: discovered in training rows, restored in samples."""
