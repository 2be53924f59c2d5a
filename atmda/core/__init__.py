"""Arrays in, arrays out: no printing, no command line, no paths made up."""
