"""The simulator, through its sockets only."""
