"""The world outside the system under test: who is written to, when, and who delivers."""
