"""How classes are scored: prompts, prototypes, background profiles."""
