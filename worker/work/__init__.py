"""The jobs themselves: evaluate an image, aggregate a set."""
