"""What stages are held against: the machine, other programs, and the clock that times both."""
