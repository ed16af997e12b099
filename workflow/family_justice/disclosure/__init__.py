"""Disclosure control: the one door from ``results/internal`` to ``results/release``.

- ``policy``: a stream's policy is never looser than the custodian's
- ``kernel``: ``disclose`` applies a policy to all results of a stream; ``tables``, ``curves``, ``models`` hold the
  rules for each family of rows; ``rounding`` says what a count is shown as; ``cells`` and ``curve_audit`` look for
  small counts that follow from what is shown
- ``vocabulary``: the words that labels may contain, from the study description
- ``gate``: ``open_door`` reads, checks, discloses and writes all files of a stream, or none
"""
