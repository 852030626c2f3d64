"""What is learned from data: each module is a pure function on arrays, and an adapter that speaks in insights."""
