"""What runs on the server, all the time."""
