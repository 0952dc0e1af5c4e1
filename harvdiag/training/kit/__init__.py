"""Writing objects as a support bundle, with the layout, the text and the damage of rancher/support-bundle-kit."""
