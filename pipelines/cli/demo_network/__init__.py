"""What the commands of the demo network do and show: making it, people at work, what came of that."""
