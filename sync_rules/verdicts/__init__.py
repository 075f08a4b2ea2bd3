"""The judge: one reason code for each change."""
