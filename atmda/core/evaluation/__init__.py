"""How good the scores are: folds, metrics, grids of settings."""
