"""Numbers from functions and arrays: no files, no plots, no data set names."""
