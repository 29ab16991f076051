"""A laboratory that is let live at random, and an oracle that says what must stand in its accounts."""
