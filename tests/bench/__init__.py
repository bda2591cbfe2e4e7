"""Speed, as ratios beside a yardstick measured in the same run. Printed, never asserted."""
