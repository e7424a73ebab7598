"""How strong the suite is: which wrong implementations it rejects, and by which properties."""
