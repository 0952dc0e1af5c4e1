"""The drain of one node: its steps, who has answered, and why the next does not come."""
