"""Objects as `kubectl get` prints them: a table, YAML, JSON, or names."""

from harvdiag.reports.objects.dump import dump_json, dump_object, dump_yaml, list_of, strip_managed
from harvdiag.reports.objects.table import TableStyle, align_rows, name_object, render_table

__all__ = [
    "TableStyle",
    "align_rows",
    "dump_json",
    "dump_object",
    "dump_yaml",
    "list_of",
    "name_object",
    "render_table",
    "strip_managed",
]
