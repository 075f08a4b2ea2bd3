"""How commands take what is asked and say what they found."""
