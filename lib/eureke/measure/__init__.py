"""Test equipment: what is measured, by what, and when a number may be believed."""
