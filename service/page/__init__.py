"""The web page at / and how its files are served."""
