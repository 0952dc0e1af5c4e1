"""The preflight: its rules, its rows, its verdict, its reports."""
