"""A page of text, tables and pictures, and how it becomes Markdown or one HTML file."""
