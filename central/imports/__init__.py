"""A catalogue and opening stock from CSV files, written at the site that may edit them."""
