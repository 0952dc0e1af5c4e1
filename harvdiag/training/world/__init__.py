"""An invented world of Harvester clusters: the API objects of a healthy one, and named changes to them."""
