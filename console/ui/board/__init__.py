"""The blocks of the cluster's screen, top to bottom: each a pure function from a Sight to lines."""
