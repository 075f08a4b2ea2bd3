"""What `explain` shows of what happened."""
