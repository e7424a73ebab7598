"""Objects that keep their parameters and statistics: classes, torch modules, factories."""
