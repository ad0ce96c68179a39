"""`diagnose`: what is wrong with samples, and what to try."""
