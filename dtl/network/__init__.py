"""One model of the grid: what it consists of, its topology, its checks, and one file per feeder."""
