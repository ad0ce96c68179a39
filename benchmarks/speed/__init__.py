"""What training, metrics and files cost."""
