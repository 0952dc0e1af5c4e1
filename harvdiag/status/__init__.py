"""What it comes to, as data and in words: drawn, written and shown by others, who add no meaning."""
