"""What an intruder does who has a whole release folder and nothing else; ``attack.py`` beside this folder runs it."""
