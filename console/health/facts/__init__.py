"""Statements of several readings of one picture together, not judged yet. Pure, and nothing is asked for them.

Membership of the pools (`membership`), sync of the firewalls (`sync`), readiness to take over (`takeover`), fitness of
a node (`fitness`), way back of a member by IST (`ist`), progress of a full copy (`sst`), wrong clocks (`clocks`).
"""
