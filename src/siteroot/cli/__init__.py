"""Words in, words out: options, progress, exit codes."""
