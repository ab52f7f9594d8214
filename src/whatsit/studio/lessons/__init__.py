"""What is taught on the Teach page, kept on disk."""
