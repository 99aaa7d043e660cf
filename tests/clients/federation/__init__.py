"""Servers that federate on loopback: names, certificates, peers, and what users on both sides see."""
