"""Ablation (the paper's Table 3): variations of a configuration, trained and scored alike."""
