"""What the tasks of the DAG do; nothing in here knows Airflow."""
