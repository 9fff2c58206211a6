"""Load one tenant every hour with Meltano.

The folder that the variable ``SERVICETITAN_PROJECT`` names has ``meltano.yml``; ``meltano`` is on the ``PATH``.
Two connections have the credentials, secrets as passwords, which Airflow masks: ``servicetitan`` with the client ID as
login and the client secret as password, ``servicetitan_app`` with the tenant's ID as login and the app key as password.
The environment of the worker has ``MELTANO_DATABASE_URI`` and ``TARGET_POSTGRES_…``.
"""

from __future__ import annotations

import datetime as dt
import os

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    dag_id="servicetitan",
    schedule="7 * * * *",
    start_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    # A run brings all that changed since the last one: there is nothing to catch up.
    catchup=False,
    max_active_runs=1,
    tags=["servicetitan"],
):
    BashOperator(
        task_id="load",
        bash_command="meltano run tap-servicetitan target-postgres",
        cwd=os.environ.get("SERVICETITAN_PROJECT", "/srv/servicetitan"),
        env={
            "TAP_SERVICETITAN_CLIENT_ID": "{{ conn.servicetitan.login }}",
            "TAP_SERVICETITAN_CLIENT_SECRET": "{{ conn.servicetitan.password }}",
            "TAP_SERVICETITAN_TENANT_ID": "{{ conn.servicetitan_app.login }}",
            "TAP_SERVICETITAN_ST_APP_KEY": "{{ conn.servicetitan_app.password }}",
        },
        append_env=True,
        retries=2,
        # Longer than the five minutes for which Meltano takes a run that was killed for one that still writes.
        retry_delay=dt.timedelta(minutes=6),
        execution_timeout=dt.timedelta(hours=12),
    )
