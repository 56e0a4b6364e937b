"""Variations of one configuration, trained and scored alike: the paper's Table 3."""
