"""From raw blocks to verdicts: pure functions of stored records; nothing here runs, reads a clock or a file."""
