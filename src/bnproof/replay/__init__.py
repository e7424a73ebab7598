"""Running a saved failure again, and writing it as a script that stands alone."""
