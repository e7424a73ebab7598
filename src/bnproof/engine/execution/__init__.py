"""Running a case: arguments in memory, calls, lives of layers, transcripts."""
