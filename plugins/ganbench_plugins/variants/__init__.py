"""One file per variant: its recipe, its loss and the traps it avoids."""
