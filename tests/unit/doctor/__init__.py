"""What the doctor finds and says."""
