"""From streams to operators: what every API's calls become, below all of them."""
