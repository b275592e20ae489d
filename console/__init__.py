"""drainboard: a terminal operations console for small redundant LAMP clusters behind two pfSense firewalls."""

__version__ = "0.2.0"
