"""Real Apache Kafka and real Elasticsearch for the tests and for trying the product by hand."""
