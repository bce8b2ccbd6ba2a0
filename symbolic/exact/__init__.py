"""Small tools that check or compute one thing exactly or in balls; no search."""
