"""A feeder and its demand, solved hour by hour."""
