"""The cluster's screen and the dialogs over it. A dialog is a function that returns what was answered."""
