"""The lab: the real cluster on this machine, five containers in a network of their own (python3 -m tests.lab -h)."""
