"""Rules of Prometheus, and their form for a cluster: ``make dashboards`` writes the latter."""
