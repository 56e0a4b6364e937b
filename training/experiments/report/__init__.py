"""What trained networks and their explanations are worth, beside the paper's figures, as one page."""
