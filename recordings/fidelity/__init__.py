"""How close simulated runs come to real ones: to the incident of the logs, to measured machines."""
