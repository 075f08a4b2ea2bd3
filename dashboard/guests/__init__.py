"""Who looks at pages: what they may see, and which pages there are for them."""
