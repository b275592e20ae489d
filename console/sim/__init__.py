"""A simulated cluster behind real sockets on 127.0.0.1: to the product it is one more cluster.

It stands on the far side of the wire and imports the inventory types and nothing else of ours, so that the product and
it can't share a mistake.
"""

from console.sim.simulator import Simulator

__all__ = ["Simulator"]
