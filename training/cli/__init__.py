"""Arguments shared by the commands of `python -m training`."""
