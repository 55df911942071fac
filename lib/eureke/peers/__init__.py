"""Other ways to do the same, to compare with: none of them is part of the system."""
