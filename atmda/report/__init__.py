"""Results for people and machines: JSON, CSV, HTML and pictures in the terminal."""
