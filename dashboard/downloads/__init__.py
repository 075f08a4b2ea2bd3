"""Reports as files to take away: what is small at once, what is large by a process of its own."""
