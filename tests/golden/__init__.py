"""What lmrt plans on other machines, as text that is compared whole."""
