"""The child processes of the doctor."""
