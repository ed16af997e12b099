"""What kinds of analysis have in common: keys of the stream file, runs, words and pictures of a family."""
