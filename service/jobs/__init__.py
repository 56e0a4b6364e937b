"""What evaluations and sets share: access to the queue, its state, parameters, answers and event streams."""
