"""Grading a course's exercise: each part of it right or wrong, with the cause and a hint."""
