"""What happens by itself as time passes: jobs, their periods, and who leads."""
