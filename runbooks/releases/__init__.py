"""What runs where: locks, holds, and the last known good of every service and environment."""
