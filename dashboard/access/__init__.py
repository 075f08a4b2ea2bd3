"""Who may see what: people and what they see, sign-in by password or by a proxy, sessions, and the hosts asked by."""
