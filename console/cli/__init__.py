"""What can be said on the command line beside the screen: each word a module, its lines and its JSON beside it."""
