"""What breaks: files, killed fits, tests, diagnoses."""
