"""Everybody in the courts and in the Welsh linked records: who they are and where they live."""
