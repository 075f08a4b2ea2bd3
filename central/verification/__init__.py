"""Whether sites have what central has (O6): compared by key range down to the rows that differ, and put right."""
