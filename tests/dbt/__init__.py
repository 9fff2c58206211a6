"""The dbt package: its models on real databases, against figures that are known."""
