"""The node board: every node against every check, trouble on top."""
