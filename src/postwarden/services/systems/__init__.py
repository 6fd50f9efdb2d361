"""Mail systems elsewhere: which there are, and what is found and done there."""
