"""The samplers: estimators that learn to draw rows."""
