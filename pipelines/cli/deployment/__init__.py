"""What keeps a project running on a server, as files for systemd, Docker and nginx."""
