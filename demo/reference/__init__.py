"""What the demo network is made from: places, medicines, lists, settings, and seeded chance."""
