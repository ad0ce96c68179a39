"""Tables: columns of every kind to networks and back."""
