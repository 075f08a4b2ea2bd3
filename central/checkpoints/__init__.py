"""What is known of backups of central: where they are, what is in them, and which files never change (O5, B54)."""
