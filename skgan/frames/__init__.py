"""One reader and one writer of containers: NumPy, pandas, polars."""
