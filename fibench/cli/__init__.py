"""Words in, exit code out. Every command is one small file; nothing heavy is imported before it is needed."""
