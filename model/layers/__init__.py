"""Parts of the network, one module each."""
