"""The command line: a module for each command, with its lines and its JSON beside it."""
