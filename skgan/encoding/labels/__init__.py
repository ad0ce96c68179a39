"""Labels that rows are drawn by."""
