"""The Reporting API: reports that are built from the tenant's own rows."""
