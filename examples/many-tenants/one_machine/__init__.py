"""The example on one machine, against sandbox tenants, with nothing that was there before."""
