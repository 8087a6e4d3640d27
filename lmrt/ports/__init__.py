"""What the application asks of the outside world, as protocols over domain values."""
