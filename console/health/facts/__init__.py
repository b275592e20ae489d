"""Statements of several readings of one picture together, not judged yet. Pure, and nothing is asked for them.

Who is in the pools (`membership`), whether the firewalls are configured alike (`sync`) and one takes over from the
other (`takeover`), whether a node is fit to serve (`fitness`), until when a member comes back by IST (`ist`), how far a
full copy is (`sst`), whose clock is wrong (`clocks`).
"""
