"""Runs ministack, a local AWS on one port, and mends what this project needs of it (see ../README.md)."""
