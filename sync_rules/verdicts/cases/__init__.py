"""What comes of a change: lists of cases, of which the first that holds decides."""
