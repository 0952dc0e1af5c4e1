"""The notebooks to work in: a copy of them in a folder of the user's, kept up to date, and JupyterLab on it.

What the user wrote is never overwritten. A file that is as it was written here is replaced by a newer one; a notebook
that was only run is moved aside first, since its outputs would be lost.
"""

from harvdiag.share.lab.copy import Done, Order, Outcome, find_lost, make_copy
from harvdiag.share.lab.place import check_folder

__all__ = ["Done", "Order", "Outcome", "check_folder", "find_lost", "make_copy"]
