"""What a simulated action comes to, in words and rows: drawn, written and shown by others."""
