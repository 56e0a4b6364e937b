"""Lambda Attention Branch Networks: the network, its checkpoints, its images and its explanations.

Knows no web, no queue and no training.
"""
