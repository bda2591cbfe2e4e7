"""printk lines, each described once and used both ways: to print and to read."""
