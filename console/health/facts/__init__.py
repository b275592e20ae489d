"""What several readings of one picture say together, before anybody judges it: pure, and nothing is asked for it.

Who is in the pools (`membership`), whether the firewalls are configured alike (`sync`) and one takes over from the
other (`takeover`), whether a node is fit to serve (`fitness`), until when a member comes back by IST (`ist`), how far a
full copy is (`sst`), whose clock is wrong (`clocks`).
"""
