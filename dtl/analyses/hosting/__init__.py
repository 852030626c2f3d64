"""Hosting capacity: how much more generation or load a feeder takes before a criterion fails, and the proof of it."""
