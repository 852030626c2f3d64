"""Layers that change demand, generation or the network; one file per kind."""
