"""The numbers themselves: functions of samples or features, in float64, without names or tables."""
