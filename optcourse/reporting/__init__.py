"""What the marks of a class teach its teacher: which mistakes were made, on one page and as a lecture."""
