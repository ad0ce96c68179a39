"""Estimators trained on real and synthetic rows."""
