"""What customers take, hour by hour, before any scenario."""
