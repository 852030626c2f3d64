"""Questions in plain words, read by a closed grammar; no language model."""
