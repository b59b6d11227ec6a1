"""How a table looks: terminal, CSV, Markdown, JSON, LaTeX."""
