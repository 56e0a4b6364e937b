"""Page of text, tables and pictures, rendered as Markdown or as one HTML file."""
