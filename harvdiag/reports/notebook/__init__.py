"""Views: what people look at in a notebook. The only importers of figures and HTML."""
