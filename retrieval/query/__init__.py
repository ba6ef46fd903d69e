"""What can be asked: checked values, one line of text, and JSON."""
