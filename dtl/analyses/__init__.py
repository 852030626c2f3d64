"""What a planner asks of solved cases; one file per kind."""
