"""A dashboard on the models of the dbt package, to try and to copy from."""
