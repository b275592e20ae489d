"""The screen, and nothing but the screen: it shows a session and turns keys into intentions. It decides nothing."""
