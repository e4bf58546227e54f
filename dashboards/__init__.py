"""Dashboards as code: Grafana's dashboard and data sources, Kibana's data views and saved search."""
