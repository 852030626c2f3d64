"""Works that remove violations: offered, solved one by one and together, priced, and chosen under a budget."""
