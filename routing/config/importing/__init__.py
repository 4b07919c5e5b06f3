"""What taking a config.json in would do: read once, its risks and near misses, what stays out."""
