"""Answers to the chapters' exercises: what CI tries, and readers should not look at yet."""
