"""What audit.py does, by subject. Shares no code with the program."""
