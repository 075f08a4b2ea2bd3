"""The languages of the pages: catalogues of what is said, and how figures and days are written in each."""
