"""Every fault of the simulator in every step of every operation."""
