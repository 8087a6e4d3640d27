"""What the planner says of memory beside what the engines take."""
