"""What central forgets of the past, and what it may have sites forget (B5, B55)."""
