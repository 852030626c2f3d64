"""Files of the outside world, read into the tables of the network model; one file per kind."""
